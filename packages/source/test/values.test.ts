import { describe, expect, it } from "vitest";
import { openSource } from "../src/index.js";
import {
  collect,
  databaseOf,
  EVERYTHING,
  failureOf,
  openStore,
  STARTED,
  storeOf,
} from "./source-fixture.js";
import type { Value } from "./source-session.js";

const microseconds = (iso: string) => BigInt(Date.parse(iso)) * 1000n;

/** SQL type, literal, and what is read. */
const VALUES: readonly (readonly [type: string, literal: string, value: Value])[] = [
  ["text", "'ü🧳'", "ü🧳"],
  ["varchar(5)", "''", ""],
  ["char(5)", "'a b'", "a b"],
  ["name", "'a name'", "a name"],
  ["citext", "'MiXed'", "MiXed"],
  ["mood", "'so so'", "so so"],
  ["label", "'a label'", "a label"],
  ["smallint", "-7", "-7"],
  ["bigint", "9007199254740993", "9007199254740993"],
  ["numeric", "'12345678901234567890.500'", "12345678901234567890.500"],
  ["numeric", "'NaN'", "NaN"],
  ["real", "0.1", "0.1"],
  ["double precision", "0.1::float8 + 0.2::float8", "0.30000000000000004"],
  ["percent", "50", "50"],
  ["boolean", "true", true],
  ["boolean", "false", false],
  ["uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  ["date", "'2026-11-24'", "2026-11-24"],
  ["time", "'13:14:15.5'", "13:14:15.5"],
  ["timetz", "'13:14:15+02'", "13:14:15+02"],
  ["timestamptz", "'2026-07-01T12:00:00Z'", microseconds("2026-07-01T12:00:00Z")],
  ["timestamp", "'2026-07-01 12:00:00'", microseconds("2026-07-01T16:00:00Z")],
  ["moment", "'2026-01-01 12:00:00'", microseconds("2026-01-01T17:00:00Z")],
  [
    "json",
    String.raw`'{ "b":1,  "b":"\u0000", "a":null}'`,
    String.raw`{ "b":1,  "b":"\u0000", "a":null}`,
  ],
  ["jsonb", `'{"b":1, "a":[1.50,"ü"]}'`, `{"a": [1.50, "ü"], "b": 1}`],
  ["bytea", String.raw`'\x00ff80'`, Buffer.of(0x00, 0xff, 0x80)],
  ["bytea", "''", Buffer.alloc(0)],
];
const NAMES = VALUES.map((_, i) => `c${i}`);

const PREPARE = `
  CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('sad', 'so so');
  CREATE DOMAIN label AS text CHECK (VALUE <> ''); CREATE DOMAIN whole AS int; CREATE DOMAIN percent AS whole CHECK (VALUE <= 100);
  CREATE DOMAIN moment AS timestamp`;

describe("a value", () => {
  const table = (name: string, more: string) => `
    CREATE TABLE ${name} (id text PRIMARY KEY, expires timestamptz DEFAULT '2030-01-01Z', ${more}
      ${VALUES.map(([type], i) => `c${i} ${type}`).join(", ")})`;
  const fields = Object.fromEntries(NAMES.map((name) => [name, name]));

  async function database() {
    const values = VALUES.map(([, literal]) => literal).join(", ");
    const database = await databaseOf(`
      ${PREPARE}; ${table("login", "who int,")}; ${table("account", "key int UNIQUE,")};
      INSERT INTO login (id, who, ${NAMES.join(", ")}) VALUES ('full', 1, ${values});
      INSERT INTO login (id) VALUES ('empty');
      INSERT INTO account (id, key, ${NAMES.join(", ")}) VALUES ('x', 1, ${values})`);
    return database;
  }

  it.each(["sessions", "lookup"] as const)(
    "of every type that can be carried is read as it is from the %s, whatever the server's formats are",
    async (where) => {
      const { url } = await database();
      url.searchParams.set(
        "options",
        "-c datestyle=SQL,DMY -c extra_float_digits=0 -c bytea_output=escape -c intervalstyle=iso_8601",
      );
      const source = openSource(url);
      try {
        const sessions = { table: "login", id: "id", expires: "expires" };
        const store =
          where === "sessions"
            ? storeOf({ sessions: { ...sessions, fields } })
            : storeOf({
                sessions,
                lookups: [{ table: "account", key: "key", from: "who", fields }],
              });
        const { read } = await openStore({ source }, store);
        const byId = new Map((await read()).map(({ id, columns }) => [String(id), columns]));
        for (const [i, [, , value]] of VALUES.entries()) {
          expect(byId.get("full")?.[`c${i}`]).toEqual(value);
          expect(byId.get("empty")?.[`c${i}`]).toBeNull();
        }
      } finally {
        await source.close();
      }
    },
  );

  it.each(["inet", "int[]", "point", "interval", "int4range", "xml", "bit(3)", "money"])(
    "of type %s cannot be carried, and is refused naming table and column",
    async (type) => {
      const database = await databaseOf(
        `CREATE DOMAIN odd AS ${type}; CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, strange ${type}, odd odd)`,
      );
      for (const column of ["strange", "odd"]) {
        const failure = await failureOf(
          openStore(
            database,
            storeOf({
              sessions: { table: "login", id: "id", expires: "expires", fields: { x: column } },
            }),
          ),
        );
        expect(failure).toMatchObject({ code: "source-schema", exitCode: 2 });
        expect(failure.message).toContain(`login.${column} is of type `);
        expect(failure.message).toContain("(store.sessions.fields.x)");
      }
    },
  );

  it("that is the whole value is text, a number, json or bytes, and neither a time nor a boolean", async () => {
    const database = await databaseOf(String.raw`
      CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, b bytea, j json, t timestamptz, f boolean);
      INSERT INTO login VALUES ('a', '2030-01-01Z', '\x80', '{ }', now(), true)`);
    const store = (string: string) =>
      storeOf({ sessions: { table: "login", id: "id", expires: "expires" }, value: { string } });
    const read = async (column: string) =>
      (await (await openStore(database, store(column))).read()).map(
        ({ columns }) => columns[column],
      );
    expect(await read("b")).toEqual([Buffer.of(0x80)]);
    expect(await read("j")).toEqual(["{ }"]);
    for (const column of ["t", "f"])
      expect((await failureOf(openStore(database, store(column)))).message).toContain(
        "(store.value.string)",
      );
  });

  it("longer than any session may be is left where it is, in a store of one table as of several", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, j json, b bytea, x jsonb);
      CREATE TABLE data (id text, k text, v text);
      INSERT INTO login SELECT 'j', now(), to_json(repeat('x', 5000)) UNION ALL SELECT 'small', now(), '1';
      INSERT INTO login (id, b) SELECT 'b', convert_to(repeat('x', 5000), 'UTF8');
      INSERT INTO login (id, x) SELECT 'x', to_jsonb(repeat('x', 5000))`);
    const one = storeOf({
      sessions: {
        table: "login",
        id: "id",
        expires: "expires",
        fields: { j: "j", b: "b", x: "x" },
      },
    });
    const attributes = {
      table: "data",
      session: "id",
      from: null,
      name: "k",
      value: "v",
      prefix: "",
    };
    for (const store of [one, { ...one, attributes }]) {
      const { read } = await openStore(database, store);
      const sizes = (await read({ maxSessionBytes: 4_000 })).map(
        ({ id, bytes, columns }) => [String(id), [bytes === Infinity, columns["j"]]] as const,
      );
      expect(Object.fromEntries(sizes)).toEqual({
        b: [true, null],
        j: [true, null],
        small: [false, "1"],
        x: [true, null],
      });
    }
  });
});

describe("an expiry", () => {
  it.each([
    ["int", "epoch-seconds", "2000000000", 2_000_000_000_000],
    ["bigint", "epoch-milliseconds", "1993000000123", 1_993_000_000_123],
    ["numeric", "epoch-seconds", "1993000000.5", 1_993_000_000_500],
    ["double precision", "epoch-seconds", "1993000000.25", 1_993_000_000_250],
    ["bigint", "epoch-seconds", "9223372036854775807", Infinity],
    ["numeric", "epoch-seconds", "'NaN'", Infinity],
  ] as const)("may be a number, %s as %s", async (type, as, literal, expected) => {
    const database = await databaseOf(`
      CREATE TABLE login (id text PRIMARY KEY, at ${type});
      INSERT INTO login VALUES ('a', ${literal}), ('none', NULL)`);
    const store = storeOf({
      sessions: { table: "login", id: "id", expires: { column: "at", as }, fields: { id: "id" } },
    });
    const { sessions } = await openStore(database, store);
    const listed = await collect(sessions.listExpiries(EVERYTHING, STARTED));
    expect(new Map(listed.map(({ id, expiresAt }) => [String(id), expiresAt]))).toEqual(
      new Map([
        ["a", expected],
        ["none", Number.NaN],
      ]),
    );
    expect(await sessions.survey({ colliding: [] })).toMatchObject({ total: 2, expired: 0 });
  });

  it("has a lifetime added, and may be a duration since another column, without an overflow", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id text PRIMARY KEY, at int, began int);
      INSERT INTO login VALUES ('duration', 100, 1700000000), ('absolute', 2147483647, 2147483647), ('edge', 1000000000, 2147483647)`);
    const store = (plusSeconds: number) =>
      storeOf({
        sessions: {
          table: "login",
          id: "id",
          expires: {
            column: "at",
            as: "epoch-seconds",
            plusSeconds,
            since: { column: "began", atMost: 1_000_000_000 },
          },
          fields: { id: "id" },
        },
      });
    const { sessions } = await openStore(database, store(2_000_000_000));
    const listed = await collect(sessions.listExpiries(EVERYTHING, STARTED));
    expect(new Map(listed.map(({ id, expiresAt }) => [String(id), expiresAt / 1000]))).toEqual(
      new Map([
        ["duration", 3_700_000_100],
        ["absolute", 4_147_483_647],
        ["edge", 5_147_483_647],
      ]),
    );
    expect((await sessions.survey({ colliding: [] })).expired).toBe(0);
    const now = await openStore(database, store(0));
    expect((await now.sessions.survey({ colliding: [] })).expired).toBe(1);
  });

  it("lies before all others where an empty value says that a row is no session", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, data bytea);
      INSERT INTO login VALUES ('held', '2099-01-01Z', '\\x00'), ('lock', '2099-01-01Z', ''), ('none', '2099-01-01Z', NULL)`);
    const listed = async (empty: "expired" | "value") => {
      const { sessions } = await openStore(
        database,
        storeOf({
          sessions: { table: "login", id: "id", expires: "expires" },
          value: { string: "data", empty },
        }),
      );
      const expiries = await collect(sessions.listExpiries(EVERYTHING, STARTED));
      return new Map(expiries.map(({ id, expiresAt }) => [String(id), expiresAt]));
    };
    const later = Date.parse("2099-01-01T00:00:00Z");
    expect(await listed("expired")).toEqual(
      new Map([
        ["held", later],
        ["lock", -Infinity],
        ["none", later],
      ]),
    );
    expect((await listed("value")).get("lock")).toBe(later);
  });

  it("without a zone is read in the store's zone, one with a zone as it is, side by side", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id text PRIMARY KEY, expires timestamp, seen timestamptz);
      INSERT INTO login VALUES ('a', '2026-07-01 12:00', '2026-07-01 12:00Z')`);
    const read = async (zone: string) => {
      const { read: readAll, store } = await openStore(
        database,
        storeOf({
          sessions: { table: "login", id: "id", expires: "expires", fields: { seen: "seen" } },
          zone,
        }),
      );
      const [session] = await readAll();
      expect(session?.columns["seen"]).toBe(microseconds("2026-07-01T12:00:00Z"));
      return [store.zone, session?.columns["expires"]];
    };
    expect(await read("server")).toEqual([
      "America/New_York",
      microseconds("2026-07-01T16:00:00Z"),
    ]);
    expect(await read("europe/berlin")).toEqual([
      "Europe/Berlin",
      microseconds("2026-07-01T10:00:00Z"),
    ]);
    expect(await read("UTC")).toEqual(["UTC", microseconds("2026-07-01T12:00:00Z")]);
    // As an abbreviation, which AT TIME ZONE would take it for, it has no summer time.
    const abbreviation = await failureOf(read("cet"));
    expect(abbreviation).toMatchObject({ code: "source-schema", exitCode: 2 });
    expect(abbreviation.message).toContain("cet is an abbreviation to PostgreSQL");
    const failure = await failureOf(read("Europe/Nowhere"));
    expect(failure).toMatchObject({ code: "source-schema", exitCode: 2 });
    expect(failure.message).toContain('no zone "Europe/Nowhere" (store.zone)');
  });

  it("is counted as past by the server's clock in the zone that is meant", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id text PRIMARY KEY, expires timestamp);
      INSERT INTO login VALUES ('soon', now() AT TIME ZONE 'UTC' + interval '1 hour'), ('past', now() AT TIME ZONE 'UTC' - interval '1 hour'),
        ('never', 'infinity'), ('ever', '-infinity'), ('none', NULL)`);
    const expired = async (zone: string, plusSeconds = 0) => {
      const { sessions } = await openStore(
        database,
        storeOf({
          sessions: {
            table: "login",
            id: "id",
            expires: { column: "expires", plusSeconds },
            fields: { id: "id" },
          },
          zone,
        }),
      );
      return (await sessions.survey({ colliding: [] })).expired;
    };
    expect(await expired("UTC")).toBe(2);
    expect(await expired("Asia/Tokyo")).toBe(3);
    expect(await expired("UTC", 7_200)).toBe(1);
  });

  it("of a row that is only a lock counts as past", async () => {
    const database = await databaseOf(String.raw`
      CREATE TABLE login (id text PRIMARY KEY, expires int, data bytea);
      INSERT INTO login VALUES ('lock', 2000000000, ''), ('full', 2000000000, '\x01'), ('none', 2000000000, NULL)`);
    const { sessions } = await openStore(
      database,
      storeOf({
        sessions: { table: "login", id: "id", expires: { column: "expires", as: "epoch-seconds" } },
        value: { string: "data", codec: "bytes", empty: "expired" },
      }),
    );
    expect((await sessions.survey({ colliding: [] })).expired).toBe(1);
  });

  it("must be of a type that fits the form the store names", async () => {
    const database = await databaseOf(
      "CREATE TABLE login (id text PRIMARY KEY, at timestamp, n int, t text)",
    );
    for (const expires of ["n", "t", { column: "at", as: "epoch-seconds" }] as const) {
      const store = storeOf({
        sessions: { table: "login", id: "id", expires, fields: { id: "id" } },
      });
      expect((await failureOf(openStore(database, store))).message).toContain(
        "(store.sessions.expires)",
      );
    }
  });
});
