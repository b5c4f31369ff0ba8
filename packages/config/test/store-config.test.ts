import { defaultStore, PRESETS, presetStore, type StoreDescription } from "@rehome/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../src/index.js";
import { refusal } from "./refusal.js";
import { seed } from "./seed.js";

const CONNECT = PRESETS.find(({ name }) => name === "connect-pg-simple");
const LARAVEL = PRESETS.find(({ name }) => name === "laravel");
if (CONNECT === undefined || LARAVEL === undefined) throw new Error("a preset is gone");

const NAMES = PRESETS.map(({ name }) => name).join(", ");

const SESSIONS = { table: "t", id: "id", expires: "until", fields: { user: "u" } };

const read = (store: unknown, mapping = {}) => parseConfig("f", { store, mapping });

/** In one line, without the file's name. */
function mistakes(store: unknown, mapping = {}): string {
  const { message, code, exitCode } = refusal(() => read(store, mapping));
  expect([code, exitCode]).toStrictEqual(["bad-config", 2]);
  expect(message).toMatch(/^f: .*$/);
  return message.slice("f: ".length);
}

describe("a store may be", () => {
  test("left out: it is the reference store", () => {
    expect(parseConfig("f", {}).store).toStrictEqual(defaultStore);
  });

  test("a preset's name", () => {
    expect(read("connect-pg-simple").store).toStrictEqual(presetStore(CONNECT));
    expect(read({ preset: "connect-pg-simple" }).store).toStrictEqual(presetStore(CONNECT));
  });

  test("a preset with its options", () => {
    const connect = { table: "app.web_session", zone: "Europe/Berlin", keyPrefix: "web:" };
    expect(read({ preset: "connect-pg-simple", ...connect }).store).toStrictEqual(
      presetStore(CONNECT, connect),
    );
    const laravel = { lifetimeSeconds: 7_200 };
    expect(read({ preset: "laravel", ...laravel }).store).toStrictEqual(
      presetStore(LARAVEL, laravel),
    );
  });

  test("a description, whose name is custom", () => {
    const description: StoreDescription = { sessions: SESSIONS, value: "json", keyPrefix: "own:" };
    expect(read(description).store).toMatchObject({
      name: "custom",
      sessions: { expires: { column: "until", as: "time" } },
      value: { form: "json" },
      keyPrefix: "own:",
    });
  });
});

describe("the key prefix", () => {
  test("is the store's, unless the mapping has one of its own", () => {
    expect(read("scs").mapping.keyPrefix).toBe("scs:session:");
    expect(read("scs", { keyPrefix: "p:" }).mapping.keyPrefix).toBe("p:");
    expect(read({ preset: "scs", keyPrefix: "s:" }).mapping.keyPrefix).toBe("s:");
    expect(read({ sessions: SESSIONS }).mapping.keyPrefix).toBe("session:");
  });
});

describe("a preset's mistake is told in one line:", () => {
  test.each([
    ["connect-pg", `store: unknown preset, did you mean connect-pg-simple? (there are: ${NAMES})`],
    ["Laravel", `store: unknown preset, did you mean laravel? (there are: ${NAMES})`],
    ["canary-secret", `store: unknown preset (there are: ${NAMES})`],
    ["", `store: unknown preset (there are: ${NAMES})`],
    ["constructor", `store: unknown preset (there are: ${NAMES})`],
    [
      { preset: "sympony" },
      `store.preset: unknown preset, did you mean symfony? (there are: ${NAMES})`,
    ],
    [{ preset: null }, `store.preset: unknown preset (there are: ${NAMES})`],
    [{ preset: "scs", tabel: "canary" }, "store.tabel: unknown (scs has: table, keyPrefix)"],
    [{ preset: "scs", zone: "UTC" }, "store.zone: unknown (scs has: table, keyPrefix)"],
    [{ preset: "scs", sessions: {} }, "store.sessions: unknown (scs has: table, keyPrefix)"],
    [
      JSON.parse('{"preset":"scs","__proto__":{}}'),
      "store.__proto__: unknown (scs has: table, keyPrefix)",
    ],
    [{ preset: "scs", table: "a.b.c" }, "store.table: must be a table's name, [schema.]table"],
    [{ preset: "scs", table: undefined }, "store.table: must be a table's name, [schema.]table"],
    [{ preset: "scs", keyPrefix: "" }, "store.keyPrefix: must be a text that is not empty"],
    [{ preset: "reference", zone: 1 }, 'store.zone: must be "server", "UTC" or a zone\'s name'],
    [
      "laravel",
      "store.lifetimeSeconds: must be given for laravel. The lifetime is not in the database: `lifetimeSeconds` is SESSION_LIFETIME times 60",
    ],
    [
      { preset: "laravel", lifetimeSeconds: 0 },
      "store.lifetimeSeconds: must be a whole number of seconds, more than 0",
    ],
    [
      { preset: "laravel", lifetimeSeconds: undefined },
      "store.lifetimeSeconds: must be a whole number of seconds, more than 0",
    ],
  ])("%j", (store, expected) => {
    expect(mistakes(store)).toBe(expected);
  });

  test("all of them at once", () => {
    expect(mistakes({ preset: "laravel", table: 1, prefix: "p" })).toMatch(
      /^store\.table: .*; store\.prefix: .*; store\.lifetimeSeconds: /,
    );
  });
});

describe("a description's mistake is told in one line:", () => {
  const CODEC = "must be one of text, bytes, base64, hex, php-string, java-long, java-integer";

  test.each([
    [null, "store: must be a preset's name, or an object with sessions"],
    [7, "store: must be a preset's name, or an object with sessions"],
    [["scs"], "store: must be a preset's name, or an object with sessions"],
    [{}, "store.sessions: must be an object with table, id and expires"],
    [
      { sessions: { ...SESSIONS, expires: { as: "time" } } },
      "store.sessions.expires.column: must be a column's name",
    ],
    [
      { sessions: { ...SESSIONS, fields: { a: { column: "c", codec: "canary" } } } },
      `store.sessions.fields.a.codec: ${CODEC}, or a list of them`,
    ],
    [
      { sessions: { ...SESSIONS, fields: { a: { column: "c", codec: ["hex", "canary"] } } } },
      `store.sessions.fields.a.codec[1]: ${CODEC}`,
    ],
    [
      { sessions: SESSIONS, lookups: [{ table: "l", key: "k", from: "u", fields: { user: "n" } }] },
      "store.lookups[0].fields.user: another field has this name",
    ],
    [
      { sessions: { ...SESSIONS, recency: "canary" } },
      "store.sessions.recency: must be the column of a field without a codec, from which it is read back",
    ],
    [
      { sessions: SESSIONS, value: { string: "v" } },
      "store.sessions.fields: must be left out: the value is one column",
    ],
    [
      { sessions: { ...SESSIONS, fields: { a: "u", "a.b": "v" } }, value: "json" },
      'store.sessions.fields["a.b"]: cannot be within a, which is a field itself',
    ],
    [{ sessions: SESSIONS, keyPrefix: "" }, "store.keyPrefix: must not be empty"],
    [
      { sessions: SESSIONS, order: ["canary"] },
      "store.order[0]: must be the name of a field (there are: user)",
    ],
    [
      JSON.parse(
        '{"sessions":{"table":"t","id":"id","expires":"u","fields":{"__proto__":"canary"}}}',
      ),
      "store.sessions.fields: __proto__ cannot be the name of a field",
    ],
    [
      JSON.parse(
        '{"sessions":{"table":"t","id":"id","expires":"u","fields":{"a":"b"},"__proto__":1}}',
      ),
      "store.sessions.__proto__: unknown (there are: table, id, idHoldsPrefix, expires, recency, fields)",
    ],
    [
      { sessions: SESSIONS, session: "canary" },
      "store.session: unknown (there are: sessions, lookups, attributes, value, zone, keyPrefix, order)",
    ],
    [
      { sessions: { ...SESSIONS, field: 1 } },
      "store.sessions.field: unknown (there are: table, id, idHoldsPrefix, expires, recency, fields)",
    ],
    [
      { sessions: { ...SESSIONS, fields: {} }, value: { string: "v", codecs: [] } },
      "store.value.codecs: unknown (there are: string, codec, empty)",
    ],
    [
      {
        sessions: SESSIONS,
        attributes: { table: "a", session: "s", name: "n", value: "v", key: "k" },
      },
      "store.attributes.key: unknown (there are: table, session, from, name, value, prefix)",
    ],
    [
      { sessions: SESSIONS, sourceUrl: "postgres://ada:canary@host/db" },
      "store.sourceUrl: unknown, connection URLs come from the environment only (SOURCE_URL, TARGET_URL, QUEUE_URL)",
    ],
  ])("%j", (store, expected) => {
    const message = mistakes(store);
    expect(message).toBe(expected);
    expect(message).not.toContain("canary");
  });

  test("all of them at once", () => {
    expect(mistakes({ sessions: { table: "t", id: 1 }, zone: 2 })).toMatch(
      /^store\.sessions\.id: .*; store\.sessions\.expires: .*; store\.zone: /,
    );
  });
});

describe("a mapping that does not fit its store is refused by the mapping's path:", () => {
  test.each([
    [
      "reference",
      { renames: { user_id: "email" } },
      "mapping.renames.user_id: email and user_id would both be named email",
    ],
    [
      "connect-pg-simple",
      { renames: { user_id: "uid" } },
      "mapping.renames: must be left out: the value is one column",
    ],
    [
      "scs",
      { includeExpiresAt: true, nulls: "empty" },
      "mapping.nulls: must be left out: the value is one column; mapping.includeExpiresAt: must be left out: the value is one column",
    ],
    [
      { sessions: { ...SESSIONS, fields: { a: "a", b: "b" } }, value: "json" },
      { renames: { a: "b.a" } },
      "mapping.renames.a: b.a cannot be within b, which is a field itself",
    ],
    [
      { sessions: { ...SESSIONS, fields: { expires_at: "until" } } },
      { includeExpiresAt: true },
      "mapping.includeExpiresAt: would add expires_at, which is a field of the store",
    ],
  ])("%j %j", (store, mapping, expected) => {
    expect(mistakes(store, mapping)).toBe(expected);
  });
});

test("whatever a file says of its store, it is taken or refused in one line", () => {
  const keys = fc.constantFrom("sessions", "preset", "value", "lookups", "string", "form", "table");
  const described = fc.oneof(
    fc.anything({ withNullPrototype: true }),
    fc.dictionary(keys, fc.anything()),
    fc.record({
      sessions: fc.record({ table: fc.anything(), id: fc.string(), expires: fc.anything() }),
      value: fc.anything(),
      order: fc.anything(),
    }),
  );
  fc.assert(
    fc.property(described, (store) => {
      const message = refusal(() => parseConfig("f", { store, "\n": 1 })).message;
      expect(message).toMatch(/^f: .*$/);
    }),
    { seed, numRuns: 500 },
  );
});
