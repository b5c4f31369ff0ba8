import {
  CUSTOM_STORE,
  defaultStore,
  type DetectedStore,
  type GuessedStore,
  type PresetOption,
  ZONE_OF_SERVER,
} from "@rehome/core";

/** What to write into a config about a store that a database seems to hold. */
export interface StoreProposal {
  /** The name of a preset, or `custom`. */
  readonly name: string;
  readonly table: string;
  /** The value of `store`; null stands for what only the operator knows, and is refused until it is filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly type: "hash" | "string";
  /** What to know about it, in sentences. */
  readonly about: readonly string[];
  /** The same about an entry, by its path under `store`. */
  readonly aboutEntry: ReadonlyMap<string, readonly string[]>;
  readonly toFillIn: readonly ToFillIn[];
}

/** What only the operator knows. */
export interface ToFillIn {
  /** Under `store`. */
  readonly path: string;
  /** A sentence. */
  readonly what: string;
}

const TO_FILL_IN = "Fill this in:";
const LIFETIME = "How long a session lives after its last use, in seconds.";

/** The preset with its options. A trap that names an option goes to that option. */
export function proposePreset({ preset, table, type, zoneless }: DetectedStore): StoreProposal {
  const { defaults, needs, traps } = preset;
  const hasZone = defaults.zone !== undefined && zoneless.length > 0;
  const options: Partial<Record<PresetOption, unknown>> = {
    table,
    ...Object.fromEntries(needs.map((option) => [option, null])),
    keyPrefix: defaults.keyPrefix,
    ...(hasZone ? { zone: defaults.zone } : {}),
  };
  const optionOf = (trap: string) =>
    [...needs, ...(Object.keys(defaults) as PresetOption[])].find((option) =>
      trap.includes(`\`${option}\``),
    );
  const trapsOf = (option: PresetOption) => traps.filter((trap) => optionOf(trap) === option);
  const toFillIn = needs.map((option) => ({ path: option, what: trapsOf(option).join(" ") }));
  const entries = (Object.keys(options) as PresetOption[]).map((option) => [
    option,
    [
      ...(needs.includes(option) ? [TO_FILL_IN] : []),
      ...(option === "zone" ? [aboutZone(zoneless)] : []),
      ...trapsOf(option),
    ],
  ]) satisfies [string, string[]][];
  return {
    name: preset.name,
    table,
    config: { preset: preset.name, ...options },
    type,
    about: [
      `Found: table ${table}, as written by ${preset.source}.`,
      `In the target: ${preset.target.replace(": ", ", ")}.`,
      ...traps.filter((trap) => optionOf(trap) === undefined),
    ],
    aboutEntry: new Map(entries),
    toFillIn,
  };
}

/** A description that the operator has to complete. */
export function proposeGuess(guess: GuessedStore): StoreProposal {
  const { table, id, expires, lacksLifetime, recency, value, fields, omitted, zoneless } = guess;
  const isPlain = expires.as === "time" && !lacksLifetime;
  const form = expires.as === "time" ? {} : { as: expires.as };
  const leftOut = omitted.map(({ name, type }) => `${name} (${type})`).join(", ");
  return {
    name: CUSTOM_STORE,
    table,
    config: {
      sessions: {
        table,
        id,
        expires: isPlain
          ? expires.column
          : { column: expires.column, ...form, ...(lacksLifetime ? { plusSeconds: null } : {}) },
        ...(recency === null ? {} : { recency }),
        ...(value === null
          ? { fields: Object.fromEntries(fields.map((field) => [field, field])) }
          : {}),
      },
      value: value === null ? "hash" : { string: value.column, codec: value.codec },
      keyPrefix: defaultStore.keyPrefix,
      ...(zoneless.length > 0 ? { zone: ZONE_OF_SERVER } : {}),
    },
    type: value === null ? "hash" : "string",
    about: [
      `Table ${table} seems to hold sessions, but no preset fits: this is a guess from the names and types of its columns. Complete it, and see what a run would write with: rehome plan`,
      "Other tables may be added: lookups: [{ table, key, from, fields }], attributes: { table, session, name, value }.",
    ],
    aboutEntry: new Map([
      ["sessions.id", ["The column by which the application finds a session; it must be unique."]],
      [
        "sessions.expires",
        isPlain ? [] : ['A number counts "epoch-seconds" or "epoch-milliseconds": check which.'],
      ],
      ["sessions.expires.plusSeconds", [TO_FILL_IN, LIFETIME]],
      [
        "sessions.fields",
        [
          "Field of the hash: column. Leave out what the application does not read.",
          ...(leftOut === ""
            ? []
            : [`Left out because their types are not supported: ${leftOut}.`]),
        ],
      ],
      [
        "value",
        ['"hash", "json" (one object of the fields), or { string: column, codec }: one column.'],
      ],
      ["keyPrefix", ["The start of the application's keys in Redis, before the id."]],
      ["zone", [aboutZone(zoneless)]],
    ]),
    toFillIn: lacksLifetime ? [{ path: "sessions.expires.plusSeconds", what: LIFETIME }] : [],
  };
}

function aboutZone(columns: readonly string[]): string {
  return `The zone of the times in ${columns.join(", ")}, which have none of their own: "server" (the server's), "UTC", or a name such as "Europe/Berlin".`;
}
