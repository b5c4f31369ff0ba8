import { z } from "zod";

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
  /** What a value must be, in words. */
  readonly expects: string;
  readonly schema: z.ZodType<T>;
}

type Described = Pick<Setting, "flag" | "takes" | "env" | "about">;

/** Off by default. */
export function onOrOff(about: Omit<Described, "takes">): Setting<boolean> {
  const expects = "true or false";
  const schema = z.boolean({ error: `must be ${expects}` });
  return { ...about, takes: null, default: false, choices: null, expects, schema };
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
  const { expects, schema } = wholeFrom(min, max, ", or null for none");
  return { ...described, default: null, choices: null, expects, schema: schema.nullable() };
}

function wholeFrom(
  min: number,
  max?: number,
  or = "",
): { expects: string; schema: z.ZodType<number> } {
  const expects = `a whole number from ${min}${max === undefined ? "" : ` to ${max}`}`;
  const error = `must be ${expects}${or}`;
  const schema = z.int({ error }).min(min, { error });
  return { expects, schema: max === undefined ? schema : schema.max(max, { error }) };
}

export function oneOf<T extends string>(
  about: Described & { default: T; choices: readonly T[] },
): Setting<T> {
  const expects = `one of ${about.choices.join(", ")}`;
  return { ...about, expects, schema: z.enum(about.choices, { error: `must be ${expects}` }) };
}

export function text(about: Described & { default: string }): Setting<string> {
  const expects = "a text that is not empty";
  const error = `must be ${expects}`;
  return { ...about, choices: null, expects, schema: z.string({ error }).min(1, { error }) };
}

/** `https://host` or `http://host:port`, or null, which it is by default. */
export function originOrNone(about: Described): Setting<string | null> {
  const expects = "an origin, such as https://rehome.example.com, without a path";
  const error = `must be ${expects}, or null for none`;
  const schema = z
    .string({ error })
    .refine(
      (text) => URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text,
      { error },
    )
    .nullable();
  return { ...about, default: null, choices: null, expects, schema };
}

/** The value that a flag's or the environment's text stands for; undefined if it is none of this setting's. */
export function readSetting(
  setting: Setting,
  given: string,
): number | string | boolean | undefined {
  const candidates = [
    ...(/^\d+$/.test(given) ? [Number(given)] : []),
    ...(given === "true" || given === "false" ? [given === "true"] : []),
    given,
  ];
  for (const candidate of candidates) {
    const { success, data } = setting.schema.safeParse(candidate);
    if (success && data !== null) return data;
  }
  return undefined;
}
