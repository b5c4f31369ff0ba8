import { defaultMapping, type Mapping, mappingSchema, RehomeError } from "@rehome/core";
import { z } from "zod";
import { describeValues, isValueOf, type Setting } from "./setting.js";
import { type Section, SECTIONS, settingsOf, type Values } from "./settings.js";
import { type User, USER_KEYS, usersSchema } from "./user.js";

/** What a `rehome.config.{ts,js,json}` holds: all of it optional. */
export type RehomeConfig = { mapping?: z.input<typeof mappingSchema>; users?: User[] } & {
  [S in Section]?: Partial<Values<S>>;
};

const configSchema = z.strictObject(
  {
    mapping: mappingSchema.optional(),
    users: usersSchema.optional(),
    ...Object.fromEntries(SECTIONS.map((section) => [section, sectionSchema(section).optional()])),
  },
  { error: "must be an object" },
);

function sectionSchema(section: Section): z.ZodObject {
  return z.strictObject(
    Object.fromEntries(
      settingsOf(section).map(([key, setting]) => [key, settingSchema(setting).optional()]),
    ),
    { error: "must be an object" },
  );
}

function settingSchema(setting: Setting): z.ZodType {
  return z.custom((value) => isValueOf(setting, value), `must be ${describeValues(setting)}`);
}

/** The configuration when no file says anything: every option with its default. */
export const defaultConfig = {
  mapping: defaultMapping,
  users: [] as User[],
  ...Object.fromEntries(
    SECTIONS.map((section) => [
      section,
      Object.fromEntries(settingsOf(section).map(([key, setting]) => [key, setting.default])),
    ]),
  ),
} as { mapping: Mapping; users: User[] } & { [S in Section]: Values<S> };

/** A file that was read and found good; `file` is null where there is none. */
export interface LoadedConfig {
  readonly file: string | null;
  /** What the file says itself, defaults left out. */
  readonly given: RehomeConfig;
  /** Complete: what a run that starts now is given for good. */
  readonly mapping: Mapping;
  /** Who may sign in to the dashboard. */
  readonly users: readonly User[];
}

export const noConfig: LoadedConfig = { file: null, given: {}, mapping: defaultMapping, users: [] };

/**
 * Checks what a config file holds. Throws RehomeError `bad-config` (exit 2) that names the path of every
 * mistake and says what belongs there, and never what stands there: it may be a secret that went astray.
 */
export function parseConfig(file: string, content: unknown): LoadedConfig {
  const { success, data, error } = configSchema.safeParse(content);
  if (!success) throw badConfig(file, [...new Set(error.issues.flatMap(describe))].join("; "));
  return {
    file,
    given: content as RehomeConfig,
    mapping: data.mapping ?? defaultMapping,
    users: data.users ?? [],
  };
}

/** One line whatever the file's own texts hold. */
export function badConfig(file: string, mistake: string): RehomeError {
  const line = `${file}: ${mistake}`.replace(/[\p{Cc}\u2028\u2029\s]+/gu, " ");
  return new RehomeError("bad-config", line, {
    hint: "Mend the file, then look at it with: rehome config",
    exitCode: 2,
  });
}

function describe(issue: z.core.$ZodIssue): string[] {
  if (issue.code !== "unrecognized_keys") {
    return [
      [...(issue.path.length > 0 ? [z.core.toDotPath(issue.path)] : []), issue.message].join(": "),
    ];
  }
  return issue.keys.map((key) => {
    const path = z.core.toDotPath([...issue.path, key]);
    return /url$/i.test(key)
      ? `${path}: unknown, connection URLs come from the environment only (SOURCE_URL, TARGET_URL, QUEUE_URL)`
      : `${path}: unknown (there are: ${keysAt(issue.path).join(", ")})`;
  });
}

/** Every key there may be at a path; below the mapping only `nulls` is an object with keys of its own. */
function keysAt([section, key]: readonly PropertyKey[]): string[] {
  if (section === undefined) return Object.keys(configSchema.shape);
  if (section === "users") return USER_KEYS;
  if (section !== "mapping") return settingsOf(section as Section).map(([name]) => name);
  return key === undefined ? Object.keys(mappingSchema.shape) : ["placeholder"];
}
