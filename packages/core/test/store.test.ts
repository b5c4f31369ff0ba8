import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  columnOf,
  columnsOf,
  defaultStore,
  type PresetOptions,
  PRESETS,
  presetStore,
  type ResolvedStore,
  resolvedStoreSchema,
  type StoreDescription,
  storeSchema,
  tablesOf,
} from "../src/index.js";
import { fieldsOf } from "../src/field.js";
import { referenceStore, resolve, resolveDescription } from "./resolved-store.js";
import { seed } from "./seed.js";

const MINIMAL = {
  sessions: { table: "t", id: "id", expires: "until", fields: { user: "u" } },
} as const satisfies StoreDescription;

/** Every short form, and every part. */
const FULL: StoreDescription = {
  sessions: {
    table: "auth.login",
    id: "token",
    expires: { column: "until", as: "epoch-seconds", since: { column: "begin", atMost: 9 } },
    recency: "seen",
    fields: { user: "account", seen: { column: "seen" }, flags: { column: "f", codec: "hex" } },
  },
  lookups: [{ table: "account", key: "id", from: "account", fields: { name: "login" } }],
  attributes: { table: "login_data", session: "token", from: "pk", name: "k", value: "v" },
  value: "hash",
  order: ["name", "user"],
};

const DESCRIPTIONS: StoreDescription[] = [
  MINIMAL,
  FULL,
  { ...MINIMAL, value: "json" },
  { sessions: { table: "t", id: "id", expires: "until" }, value: { string: "v" } },
  {
    sessions: { table: "t", id: "id", expires: { column: "until", ifMissing: 5 } },
    value: { string: "v", codec: ["base64", "php-string"], empty: "expired" },
    zone: "UTC",
  },
];

/** What the operator must tell, of whichever preset. */
const OPTIONS = { lifetimeSeconds: 60 };

/** Where a description is wrong, as a path, and what belongs there. */
function mistakes(description: unknown): string[] {
  const { success, error } = storeSchema.safeParse(description);
  return success ? [] : error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("a description", () => {
  test("is completed: every short form is written out, every option has its value", () => {
    expect(storeSchema.parse(MINIMAL)).toStrictEqual({
      sessions: {
        table: "t",
        id: "id",
        idHoldsPrefix: false,
        expires: { column: "until", as: "time", plusSeconds: 0, ifMissing: null, since: null },
        recency: null,
        fields: { user: { column: "u", codec: [] } },
      },
      lookups: [],
      attributes: null,
      value: { form: "hash" },
      zone: "server",
      keyPrefix: "session:",
      order: [],
    });
    expect(storeSchema.parse(DESCRIPTIONS[3]).value).toStrictEqual({
      form: "string",
      string: "v",
      codec: [],
      empty: "value",
    });
  });

  test("that is complete is not changed by parsing it again", () => {
    const presets = PRESETS.map((preset) =>
      preset.describe({ ...OPTIONS, ...preset.defaults } as PresetOptions),
    );
    for (const description of [...DESCRIPTIONS, ...presets]) {
      const store = storeSchema.parse(description);
      expect(storeSchema.parse(store)).toStrictEqual(store);
    }
  });

  test("needs a table, an id and an expiry", () => {
    expect(mistakes({})).toStrictEqual(["sessions: must be an object with table, id and expires"]);
    expect(mistakes({ sessions: {} })).toStrictEqual([
      "sessions.table: must be a table's name",
      "sessions.id: must be a column's name",
      "sessions.expires: must be a column, or { column, as, plusSeconds, ifMissing }",
    ]);
  });

  test.each([null, 7, [], () => MINIMAL])("is an object: %j", (description) => {
    expect(mistakes(description)).toStrictEqual([
      ": must be a preset's name, or an object with sessions",
    ]);
  });
});

/** The minimal description with something else in its place. */
function described(change: {
  sessions?: object;
  [part: string]: unknown;
}): Record<string, unknown> {
  const { sessions, ...rest } = change;
  return { sessions: { ...MINIMAL.sessions, ...sessions }, ...rest };
}

const string = (change: object = {}, sessions: object = {}) => ({
  ...described({ sessions: { fields: {}, ...sessions }, value: { string: "v" } }),
  ...change,
});

describe("a mistake is named where it is, with what belongs there", () => {
  test.each([
    [
      described({ sessions: { table: "a.b.c" } }),
      "sessions.table: must be a table's name, [schema.]table",
    ],
    [described({ sessions: { id: "" } }), "sessions.id: must not be empty"],
    [
      described({ sessions: { expires: null } }),
      "sessions.expires: must be a column, or { column, as, plusSeconds, ifMissing }",
    ],
    [
      described({ sessions: { expires: { column: "c", as: "epoch" } } }),
      "sessions.expires.as: must be one of time, epoch-seconds, epoch-milliseconds",
    ],
    [
      described({ sessions: { expires: { column: "c", plusSeconds: 1.5 } } }),
      "sessions.expires.plusSeconds: must be a whole number of seconds",
    ],
    [
      described({ sessions: { expires: { column: "c", ifMissing: 0 } } }),
      "sessions.expires.ifMissing: must be more than 0",
    ],
    [
      described({ sessions: { expires: { column: "c", since: "b" } } }),
      "sessions.expires.since: must be { column, atMost }",
    ],
    [
      described({
        sessions: {
          expires: { column: "c", as: "epoch-seconds", since: { column: "b", atMost: -1 } },
        },
      }),
      "sessions.expires.since.atMost: must be more than 0",
    ],
    [
      described({ sessions: { expires: { column: "c", since: { column: "b", atMost: 1 } } } }),
      "sessions.expires.since: needs `as`: only a number can be a duration",
    ],
    [
      described({ sessions: { idHoldsPrefix: 1 } }),
      "sessions.idHoldsPrefix: must be true or false",
    ],
    [
      described({ sessions: { fields: ["u"] } }),
      "sessions.fields: must be an object, field: column",
    ],
    [
      described({ sessions: { fields: { "": "u" } } }),
      "sessions.fields.: the name of a field must not be empty",
    ],
    [
      described({ sessions: { fields: { user: 7 } } }),
      "sessions.fields.user: must be a column, or { column, codec }",
    ],
    [
      described({ sessions: { fields: { user: { column: "u", codec: "rot13" } } } }),
      "sessions.fields.user.codec: must be one of text, bytes, base64, hex, php-string, java-long, java-integer, or a list of them",
    ],
    [
      described({ sessions: { fields: { user: { column: "u", codec: ["hex", "rot13"] } } } }),
      "sessions.fields.user.codec.1: must be one of text, bytes, base64, hex, php-string, java-long, java-integer",
    ],
    [
      described({ sessions: { fields: JSON.parse('{"__proto__":"u"}') } }),
      "sessions.fields: __proto__ cannot be the name of a field",
    ],
    [
      described({ sessions: { fields: {} } }),
      "sessions.fields: must name a field, since nothing else would be written",
    ],
    [described({ lookups: {} }), "lookups: must be a list"],
    [described({ lookups: [{ table: "l", key: "k" }] }), "lookups.0.from: must be a column's name"],
    [
      described({ attributes: "data" }),
      "attributes: must be an object with table, session, name and value",
    ],
    [described({ value: "text" }), 'value: must be "hash", "json" or { string: column, codec }'],
    [
      described({ value: { column: "v" } }),
      'value: must be "hash", "json" or { string: column, codec }',
    ],
    [string({ value: { string: 7 } }), "value.string: must be a column's name"],
    [string({ value: { string: "v", empty: "gone" } }), "value.empty: must be value or expired"],
    [described({ zone: "" }), "zone: must not be empty"],
    [described({ keyPrefix: "" }), "keyPrefix: must not be empty"],
    [
      described({ order: ["user", "canary"] }),
      "order.1: must be the name of a field (there are: user)",
    ],
    [
      described({ lookups: [{ table: "l", key: "k", from: "u", fields: { user: "n" } }] }),
      "lookups.0.fields.user: another field has this name",
    ],
    [
      described({ sessions: { recency: "seen" } }),
      "sessions.recency: must be the column of a field without a codec, from which it is read back",
    ],
    [
      described({ sessions: { recency: "u", fields: { user: { column: "u", codec: "hex" } } } }),
      "sessions.recency: must be the column of a field without a codec, from which it is read back",
    ],
    [
      described({
        sessions: { recency: "n" },
        lookups: [{ table: "l", key: "k", from: "u", fields: { name: "n" } }],
      }),
      "sessions.recency: must be the column of a field without a codec, from which it is read back",
    ],
    [
      described({ sessions: { recency: "u" }, value: "json" }),
      "sessions.recency: must be left out: the expiry of a string is compared",
    ],
    [
      string({}, { recency: "u" }),
      "sessions.recency: must be left out: the expiry of a string is compared",
    ],
    [
      string({}, { fields: { user: "u" } }),
      "sessions.fields: must be left out: the value is one column",
    ],
    [
      string({ lookups: [{ table: "l", key: "k", from: "u" }] }),
      "lookups: must be left out: the value is one column",
    ],
    [
      string({ attributes: { table: "a", session: "s", name: "n", value: "v" } }),
      "attributes: must be left out: the value is one column",
    ],
    [string({ order: ["user"] }), "order: must be left out: the value is one column"],
    [
      described({ sessions: { fields: { a: "u", "a.b": "w" } }, value: "json" }),
      "sessions.fields.a.b: cannot be within a, which is a field itself",
    ],
    [
      described({ sessions: { fields: { "a.": "u" } }, value: "json" }),
      "sessions.fields.a.: has an empty part before or after a dot",
    ],
  ])("%j", (description, expected) => {
    expect(mistakes(description)).toStrictEqual([expected]);
  });

  test("and so is an unknown key, at every level, with those there are", () => {
    const known = {
      "": "sessions, lookups, attributes, value, zone, keyPrefix, order",
      sessions: "table, id, idHoldsPrefix, expires, recency, fields",
      "sessions.expires": "column, as, plusSeconds, ifMissing, since",
      "sessions.expires.since": "column, atMost",
      "sessions.fields.flags": "column, codec",
      "lookups.0": "table, key, from, fields",
      attributes: "table, session, from, name, value, prefix",
    };
    for (const [path, keys] of Object.entries(known)) {
      const description: unknown = structuredClone(FULL);
      const parts = path === "" ? [] : path.split(".");
      const at = parts.reduce<unknown>(
        (part, key) => Reflect.get(part as object, key),
        description,
      );
      Object.assign(at as object, { extra: 1 });
      expect(mistakes(description)).toStrictEqual([`${path}: unknown (there are: ${keys})`]);
    }
    expect(mistakes(string({ value: { string: "v", codecs: "hex" } }))).toStrictEqual([
      "value: unknown (there are: string, codec, empty)",
    ]);
  });

  test("a dot is a character like others in the fields of a hash", () => {
    expect(
      mistakes(described({ sessions: { fields: { a: "u", "a.b": "w", ".": "x" } } })),
    ).toStrictEqual([]);
  });
});

describe("fields", () => {
  test("are written in the order asked for, and then as they are described", () => {
    expect(fieldsOf(storeSchema.parse(FULL)).map(({ name }) => name)).toStrictEqual([
      "name",
      "user",
      "seen",
      "flags",
    ]);
  });
});

describe("columns", () => {
  test("are each read once, the id first, for all that they are needed for", () => {
    expect(
      columnsOf(storeSchema.parse(FULL)).map(({ table, name, roles, path }) => [
        table,
        name,
        roles.join(),
        path,
      ]),
    ).toStrictEqual([
      [0, "token", "id", "sessions.id"],
      [0, "until", "expiry", "sessions.expires"],
      [0, "begin", "expiry", "sessions.expires.since"],
      [0, "seen", "recency,field", "sessions.recency"],
      [0, "account", "reference,field", "lookups[0].from"],
      [0, "pk", "reference", "attributes.from"],
      [1, "login", "field", "lookups[0].fields.name"],
      [0, "f", "field,decoded", "sessions.fields.flags"],
    ]);
  });

  test("lie in a batch among their like", () => {
    const slots = referenceStore.columns.map(({ table, name, slot, kind }) => [
      table,
      name,
      kind === "time" ? `time ${slot}` : slot,
    ]);
    expect(slots).toStrictEqual([
      [0, "session_id", 0],
      [0, "expires_at", "time 0"],
      [0, "last_activity_at", "time 1"],
      [0, "user_id", 1],
      [1, "username", 2],
      [1, "email", 3],
      [0, "ip_address", 4],
      [0, "user_agent", 5],
      [0, "created_at", "time 2"],
      [2, "theme", 6],
      [2, "language", 7],
      [2, "notifications_enabled", 8],
    ]);
  });

  test("that the store does not read are none", () => {
    expect(columnOf(referenceStore, 1, "email").slot).toBe(3);
    expect(() => columnOf(referenceStore, 0, "email")).toThrow(TypeError);
  });
});

test("tables are the sessions', the lookups' and the attributes', each with its path", () => {
  expect(tablesOf(defaultStore)).toStrictEqual([
    { table: "user_sessions", path: "sessions.table" },
    { table: "users", path: "lookups[0].table" },
    { table: "user_preferences", path: "lookups[1].table" },
    { table: "session_data", path: "attributes.table" },
  ]);
});

function allPresets() {
  return PRESETS.map((preset) => presetStore(preset, OPTIONS));
}

describe("a store frozen into a run as JSON comes back as it was,", () => {
  /** Object literals compare without their order: their texts do not. */
  function expectFrozen(store: ResolvedStore): void {
    const text = JSON.stringify(store);
    const thawed = resolvedStoreSchema.parse(JSON.parse(text));
    // Not strictly: a field named `constructor` would pass for the type of the object.
    expect(thawed).toEqual(store);
    expect(fieldsOf(thawed)).toEqual(fieldsOf(store));
    expect(Object.keys(thawed.sessions.fields)).toStrictEqual(Object.keys(store.sessions.fields));
    expect(JSON.stringify(resolvedStoreSchema.parse(JSON.parse(JSON.stringify(thawed))))).toBe(
      JSON.stringify(thawed),
    );
  }

  test("whatever its form", () => {
    for (const store of [referenceStore, ...allPresets().map((one) => resolve(one))])
      expectFrozen(store);
    for (const description of DESCRIPTIONS) expectFrozen(resolveDescription(description));
  });

  test("with its fields in their order, whatever they are called", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 5 }),
      fc.constantFrom("constructor", "toString", "10", "9", "a.b"),
    );
    const names = fc.uniqueArray(
      name.filter((one) => one !== "__proto__"),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(names, fc.nat(8), (fields, ordered) => {
        const store = resolveDescription({
          sessions: {
            ...MINIMAL.sessions,
            fields: Object.fromEntries(fields.map((field, i) => [field, `c${i}`])),
          },
          order: fields.toReversed().slice(0, ordered),
        });
        expectFrozen(store);
      }),
      { seed, numRuns: 300 },
    );
  });
});
