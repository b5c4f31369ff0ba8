import {
  completeMapping,
  defaultStore,
  type Mapping,
  mappingMistakes,
  mappingSchema,
  type NamedStore,
  RehomeError,
  strictObject,
} from "@rehome/core";
import { z } from "zod";
import { describeValues, isValueOf, type Setting } from "./setting.js";
import { type Section, SECTIONS, settingsOf, type Values } from "./settings.js";
import { type StoreConfig, storeConfigSchema } from "./store-config.js";
import { type User, usersSchema } from "./user.js";

/** What a `rehome.config.{ts,js,json}` holds: all of it optional. */
export type RehomeConfig = {
  store?: StoreConfig;
  mapping?: z.input<typeof mappingSchema>;
  users?: User[];
} & {
  [S in Section]?: Partial<Values<S>>;
};

const configSchema = strictObject(
  {
    store: storeConfigSchema.optional(),
    mapping: mappingSchema.optional(),
    users: usersSchema.optional(),
    ...Object.fromEntries(SECTIONS.map((section) => [section, sectionSchema(section).optional()])),
  },
  "must be an object",
);

function sectionSchema(section: Section): z.ZodType {
  return strictObject(
    Object.fromEntries(
      settingsOf(section).map(([key, setting]) => [key, settingSchema(setting).optional()]),
    ),
    "must be an object",
  );
}

function settingSchema(setting: Setting): z.ZodType {
  return z.custom((value) => isValueOf(setting, value), `must be ${describeValues(setting)}`);
}

const unfinishedMapping = mappingSchema.parse({});

export const defaultMapping: Mapping = completeMapping(unfinishedMapping, defaultStore);

/**
 * The configuration when no file says anything: every option with its default. The key prefix is the store's, so that
 * it changes with the store.
 */
export const defaultConfig = {
  store: defaultStore.name,
  mapping: unfinishedMapping,
  users: [] as User[],
  ...Object.fromEntries(
    SECTIONS.map((section) => [
      section,
      Object.fromEntries(settingsOf(section).map(([key, setting]) => [key, setting.default])),
    ]),
  ),
} as DefaultConfig;

type DefaultConfig = {
  store: string;
  mapping: z.output<typeof mappingSchema>;
  users: User[];
} & { [S in Section]: Values<S> };

/** A file that was read and found good; `file` is null where there is none. */
export interface LoadedConfig {
  readonly file: string | null;
  /** What the file says itself, defaults left out. */
  readonly given: RehomeConfig;
  /** Complete: what a run that starts now is given for good. */
  readonly store: NamedStore;
  readonly mapping: Mapping;
  /** Who may sign in to the dashboard. */
  readonly users: readonly User[];
}

export const noConfig: LoadedConfig = {
  file: null,
  given: {},
  store: defaultStore,
  mapping: defaultMapping,
  users: [],
};

/**
 * Checks what a config file holds. Throws RehomeError `bad-config` (exit 2) that names the path of every
 * mistake and says what belongs there, and never what stands there: it may be a secret that went astray.
 */
export function parseConfig(file: string, content: unknown): LoadedConfig {
  const { success, data, error } = configSchema.safeParse(content);
  if (!success) throw badConfig(file, listMistakes(error.issues.flatMap(describe)));
  const store = data.store ?? defaultStore;
  const mapping = completeMapping(data.mapping ?? unfinishedMapping, store);
  const mistakes = mappingMistakes(store, mapping);
  if (mistakes.length > 0) {
    const lines = mistakes.map(({ path, message }) => at(["mapping", ...path], message));
    throw badConfig(file, listMistakes(lines));
  }
  return { file, given: content as RehomeConfig, store, mapping, users: data.users ?? [] };
}

function listMistakes(mistakes: readonly string[]): string {
  return [...new Set(mistakes)].join("; ");
}

function at(path: readonly PropertyKey[], message: string): string {
  return path.length === 0 ? message : `${z.core.toDotPath([...path])}: ${message}`;
}

/** One line whatever the file's own texts hold. */
export function badConfig(file: string, mistake: string): RehomeError {
  const line = `${file}: ${mistake}`.replace(/[\p{Cc}\u2028\u2029\s]+/gu, " ");
  return new RehomeError("bad-config", line, {
    hint: "Mend the file, then look at it with: rehome config",
    exitCode: 2,
  });
}

function describe({ path, message, ...issue }: z.core.$ZodIssue): string[] {
  if (issue.code !== "unrecognized_keys") return [at(path, message)];
  return issue.keys.map((key) =>
    at(
      [...path, key],
      /url$/i.test(key)
        ? "unknown, connection URLs come from the environment only (SOURCE_URL, TARGET_URL, QUEUE_URL)"
        : message,
    ),
  );
}
