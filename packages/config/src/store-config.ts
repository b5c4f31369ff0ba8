import {
  CUSTOM_STORE,
  type NamedStore,
  parseTableName,
  type Preset,
  type PresetOption,
  type PresetOptions,
  presetStore,
  PRESETS,
  type StoreDescription,
  storeSchema,
} from "@rehome/core";
import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";

/** What `store` may be: a preset's name, a preset with its options, or a description. */
export type StoreConfig =
  | string
  | ({ readonly preset: string } & Partial<PresetOptions>)
  | StoreDescription;

type Issue = z.core.$ZodIssue;

/** Gives the store that is meant, or every mistake. */
export const storeConfigSchema = z.unknown().transform((config, context): NamedStore => {
  const read = readStore(config);
  if (!Array.isArray(read)) return read;
  for (const issue of read) context.addIssue({ ...issue });
  return z.NEVER;
});

function readStore(config: unknown): NamedStore | Issue[] {
  if (typeof config === "string") return readPreset(config, {}, []);
  if (typeof config === "object" && config !== null && "preset" in config) {
    const { preset, ...options } = config;
    return readPreset(preset, options, ["preset"]);
  }
  const { success, data, error } = storeSchema.safeParse(config);
  return success ? { name: CUSTOM_STORE, ...data } : error.issues;
}

function readPreset(
  name: unknown,
  options: Readonly<Record<string, unknown>>,
  path: PropertyKey[],
): NamedStore | Issue[] {
  const preset = PRESETS.find((one) => one.name === name);
  if (preset === undefined) return [mistake(path, unknownPreset(name))];
  const mistakes = [...wrongOptions(preset, options), ...missingOptions(preset, options)];
  return mistakes.length > 0 ? mistakes : presetStore(preset, options);
}

function mistake(path: PropertyKey[], message: string): Issue {
  return { code: "custom", path, message };
}

function unknownPreset(name: unknown): string {
  const known = PRESETS.map((one) => one.name);
  const nearest = typeof name === "string" ? nearestOf(name.toLowerCase(), known) : null;
  const meant = nearest === null ? "" : `, did you mean ${nearest}?`;
  return `unknown preset${meant} (there are: ${known.join(", ")})`;
}

/** Null where none is near. */
function nearestOf(name: string, known: readonly string[]): string | null {
  const nearest = closest(name, known);
  return distance(name, nearest) <= nearest.length / 2 ? nearest : null;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

interface Option {
  readonly expects: string;
  readonly accepts: (value: unknown) => boolean;
}

const OPTIONS: Readonly<Record<PresetOption, Option>> = {
  table: {
    expects: "a table's name, [schema.]table",
    accepts: (value) => isText(value) && parseTableName(value) !== null,
  },
  keyPrefix: { expects: "a text that is not empty", accepts: isText },
  lifetimeSeconds: {
    expects: "a whole number of seconds, more than 0",
    accepts: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  },
  zone: { expects: '"server", "UTC" or a zone\'s name', accepts: isText },
};

function wrongOptions(preset: Preset, options: Readonly<Record<string, unknown>>): Issue[] {
  const known = [...(Object.keys(preset.defaults) as PresetOption[]), ...preset.needs];
  return Object.entries(options).flatMap(([name, value]) => {
    const option = known.find((one) => one === name);
    if (isToBeFilledIn(value, option, preset)) return [];
    if (option === undefined)
      return [mistake([name], `unknown (${preset.name} has: ${known.join(", ")})`)];
    const { expects, accepts } = OPTIONS[option];
    return accepts(value) ? [] : [mistake([name], `must be ${expects}`)];
  });
}

function missingOptions(preset: Preset, options: Readonly<Record<string, unknown>>): Issue[] {
  const missing = preset.needs.filter(
    (option) => !Object.hasOwn(options, option) || options[option] === null,
  );
  return missing.map((option) => {
    const why = preset.traps.find((trap) => trap.includes(`\`${option}\``));
    const message = `must be given for ${preset.name}${why === undefined ? "" : `. ${why}`}`;
    // A hint follows, after a full stop of its own.
    return mistake([option], message.replace(/\.$/, ""));
  });
}

/** `rehome init` writes null for what only the operator knows. */
function isToBeFilledIn(
  value: unknown,
  option: PresetOption | undefined,
  { needs }: Preset,
): boolean {
  return value === null && option !== undefined && needs.includes(option);
}
