import {
  clashingRenames,
  type Mapping,
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

interface Option {
  readonly expects: string;
  accepts(value: unknown): boolean;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

const OPTIONS: Readonly<Record<PresetOption, Option>> = {
  table: {
    expects: "a table's name, [schema.]table",
    accepts: (value) => isText(value) && parseTableName(value) !== null,
  },
  keyPrefix: { expects: "a text that is not empty", accepts: isText },
  lifetimeSeconds: {
    expects: "a whole number of seconds",
    accepts: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  },
  zone: { expects: '"server", "UTC" or a zone\'s name', accepts: isText },
};

interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Gives the store that is meant, or every mistake. */
export const storeConfigSchema = z.unknown().transform((config, context): NamedStore => {
  const read = readStore(config);
  if (!Array.isArray(read)) return read;
  for (const issue of read) context.addIssue(issue);
  return z.NEVER;
});

type Issue = Parameters<z.core.$RefinementCtx["addIssue"]>[0];

function readStore(config: unknown): NamedStore | Issue[] {
  if (typeof config === "string") return readPreset(config, {}, []);
  if (typeof config === "object" && config !== null && "preset" in config) {
    const { preset, ...options } = config;
    return readPreset(preset, options, ["preset"]);
  }
  const { success, data, error } = storeSchema.safeParse(config);
  return success ? { name: "custom", ...data } : (error.issues as Issue[]);
}

function readPreset(
  name: unknown,
  options: Readonly<Record<string, unknown>>,
  path: readonly string[],
): NamedStore | Issue[] {
  const preset = PRESETS.find((one) => one.name === name);
  const mistakes =
    preset === undefined
      ? [{ path, message: unknownPreset(name) }]
      : [...mistakesIn(preset, options)];
  return preset !== undefined && mistakes.length === 0
    ? presetStore(preset, options)
    : mistakes.map(({ path: at, message }): Issue => ({ code: "custom", path: [...at], message }));
}

function unknownPreset(name: unknown): string {
  const known = PRESETS.map((one) => one.name);
  const nearest = isText(name) ? closest(name.toLowerCase(), known) : null;
  const isNear =
    isText(name) && nearest !== null && distance(name.toLowerCase(), nearest) <= nearest.length / 2;
  const meant = isNear ? `, did you mean ${nearest}?` : "";
  return `unknown preset${meant} (there are: ${known.join(", ")})`;
}

function* mistakesIn(
  preset: Preset,
  options: Readonly<Record<string, unknown>>,
): Generator<Mistake> {
  const known = [...(Object.keys(preset.defaults) as PresetOption[]), ...preset.needs];
  for (const [name, value] of Object.entries(options)) {
    const option = known.find((one) => one === name);
    if (option === undefined)
      yield { path: [name], message: `unknown (${preset.name} has: ${known.join(", ")})` };
    else if (!OPTIONS[option].accepts(value))
      yield { path: [name], message: `must be ${OPTIONS[option].expects}` };
  }
  for (const option of preset.needs) {
    if (options[option] !== undefined) continue;
    const why = preset.traps.find((trap) => trap.includes(`\`${option}\``));
    yield { path: [option], message: `must be given for ${preset.name}. ${why ?? ""}`.trim() };
  }
}

/** Two fields that a mapping would give one name, by their path in the file. */
export function clashesIn(store: NamedStore, mapping: Mapping): Mistake[] {
  return clashingRenames(store, mapping).map(({ field, message }) => ({
    path: ["mapping", "renames", field],
    message,
  }));
}
