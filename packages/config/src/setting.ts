import { isIP } from "node:net";

type Value = number | string | boolean | null;

/** An option that a flag, the environment or the config file may set; null stands for "none". */
export interface Setting<T extends Value = Value> {
  /** As after `--`: `chunk-size`. */
  readonly flag: string;
  /** What follows the flag, for its help: `n`, `ms`; null for a switch, which may stand alone. */
  readonly takes: string | null;
  readonly env: string;
  readonly about: string;
  readonly default: T;
  /** Every value there is, where they can be listed. */
  readonly choices: readonly string[] | null;
  /** What a value other than null must be, in words. */
  readonly expects: string;
  /** Whether a value other than null is that. */
  readonly accepts: (value: unknown) => boolean;
}

type Described = Pick<Setting, "flag" | "takes" | "env" | "about">;

/** Off by default. */
export function onOrOff(about: Omit<Described, "takes">): Setting<boolean> {
  return {
    ...about,
    takes: null,
    default: false,
    choices: null,
    expects: "true or false",
    accepts: (value) => typeof value === "boolean",
  };
}

/** A whole number from `min` to `max`. */
export function whole(
  about: Described & { default: number; min: number; max?: number },
): Setting<number> {
  const { min, max, ...described } = about;
  return { ...described, choices: null, ...wholeFrom(min, max) };
}

/** The same, or null, which it is by default. */
export function wholeOrNone(
  about: Described & { min: number; max?: number },
): Setting<number | null> {
  const { min, max, ...described } = about;
  return { ...described, default: null, choices: null, ...wholeFrom(min, max) };
}

/** The same, or `auto`, which it is by default: the program finds out. */
export function wholeOrAuto(
  about: Described & { min: number; max: number },
): Setting<number | "auto"> {
  const { min, max, ...described } = about;
  const { expects, accepts } = wholeFrom(min, max);
  return {
    ...described,
    default: "auto",
    choices: null,
    expects: `auto or ${expects}`,
    accepts: (value) => value === "auto" || accepts(value),
  };
}

function wholeFrom(min: number, max?: number): Pick<Setting, "expects" | "accepts"> {
  return {
    expects: `a whole number from ${min}${max === undefined ? "" : ` to ${max}`}`,
    accepts: (value) =>
      Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= (max ?? Infinity),
  };
}

export function oneOf<T extends string>(
  about: Described & { default: T; choices: readonly T[] },
): Setting<T> {
  return {
    ...about,
    expects: `one of ${about.choices.join(", ")}`,
    accepts: (value) => about.choices.some((choice) => choice === value),
  };
}

export function text(about: Described & { default: string }): Setting<string> {
  return {
    ...about,
    choices: null,
    expects: "a text that is not empty",
    accepts: (value) => typeof value === "string" && value !== "",
  };
}

/** `https://host` or `http://host:port`, or null, which it is by default. */
export function originOrNone(about: Described): Setting<string | null> {
  return {
    ...about,
    default: null,
    choices: null,
    expects: "an origin, such as https://rehome.example.com, without a path",
    accepts: (value) =>
      typeof value === "string" &&
      URL.canParse(value) &&
      /^https?:/.test(value) &&
      new URL(value).origin === value,
  };
}

const NETWORKS: readonly string[] = ["loopback", "linklocal", "uniquelocal"];

/** Addresses, networks such as 10.0.0.0/8, and names of networks, with commas in between. */
export function proxyList(about: Described & { default: string }): Setting<string> {
  return {
    ...about,
    choices: null,
    expects: `addresses, networks such as 10.0.0.0/8, or ${NETWORKS.join(", ")}, with commas between them`,
    accepts: (value) => typeof value === "string" && value.split(/ *, */).every(isNetwork),
  };
}

function isNetwork(text: string): boolean {
  if (NETWORKS.includes(text)) return true;
  const [, address = "", bits] = /^([^/\s]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const kind = isIP(address);
  if (kind === 0) return false;
  return bits === undefined || (Number(bits) > 0 && Number(bits) <= (kind === 4 ? 32 : 128));
}

/** Whether the config file may say this. It may say null where that is the default. */
export function isValueOf(setting: Setting, value: unknown): boolean {
  return value === null ? setting.default === null : setting.accepts(value);
}

/** What the config file may say, in words. */
export function describeValues({ expects, default: value }: Setting): string {
  return `${expects}${value === null ? ", or null for none" : ""}`;
}

/**
 * The value that a flag's or the environment's text stands for; undefined if it is none of this setting's. No
 * text stands for null.
 */
export function readSetting(
  { accepts }: Setting,
  given: string,
): number | string | boolean | undefined {
  const candidates = [
    ...(/^\d+$/.test(given) ? [Number(given)] : []),
    ...(given === "true" || given === "false" ? [given === "true"] : []),
    given,
  ];
  return candidates.find(accepts);
}
