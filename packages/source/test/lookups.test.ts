import { describe, expect, it } from "vitest";
import {
  collect,
  databaseOf,
  EVERYTHING,
  failureOf,
  openStore,
  READ,
  storeOf,
} from "./source-fixture.js";
import { attributesOf } from "./source-session.js";

const sessions = { table: "login", id: "id", expires: "expires" };

function account(from: string, table = "account") {
  return { table, key: "key", from, fields: { [`${table} of ${from}`]: "name" } };
}

describe("a lookup", () => {
  it("has no row for a null reference, for one that is not there, or beyond the width of its key", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, who bigint);
      CREATE TABLE account (key int PRIMARY KEY, name text);
      INSERT INTO account VALUES (1, 'one'), (-5, 'minus five'), (2147483647, 'last');
      INSERT INTO login VALUES ('a', now(), 1), ('b', now(), NULL), ('c', now(), 2), ('d', now(), 9223372036854775807),
        ('e', now(), -5), ('f', now(), 2147483647), ('g', now(), 4294967297), ('h', now(), 1)`);
    const { read, sessions: source } = await openStore(
      database,
      storeOf({ sessions, lookups: [account("who")] }),
    );
    const names = new Map((await read()).map(({ id, columns }) => [String(id), columns["name"]]));
    expect(Object.fromEntries(names)).toEqual({
      a: "one",
      b: null,
      c: null,
      d: null,
      e: "minus five",
      f: "last",
      g: null,
      h: "one",
    });
    expect((await source.survey({ colliding: [] })).lookups).toEqual([
      { table: "public.account", missing: 4 },
    ]);
  });

  it("marks the sessions for which it holds several rows, and is warned of where nothing rules that out", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, who int);
      CREATE TABLE account (key int, name text);
      CREATE INDEX ON account (key);
      INSERT INTO account VALUES (1, 'one'), (2, 'two'), (2, 'other');
      INSERT INTO login VALUES ('a', now(), 1), ('b', now(), 2), ('c', now(), 2), ('d', now(), 3)`);
    const { sessions: source, warnings } = await openStore(
      database,
      storeOf({ sessions, lookups: [account("who")] }),
    );
    expect(warnings).toEqual([
      "nothing makes account.key unique: sessions with several rows there are rejected",
    ]);
    const doubtful: string[] = [];
    for await (const batch of source.extract(EVERYTHING, READ))
      for (let i = 0; i < batch.count; i += 1) if (batch.isAmbiguous(i)) doubtful.push(batch.id(i));
    expect(doubtful.toSorted((one, other) => (one < other ? -1 : 1))).toEqual(["b", "c"]);
  });

  it("may be of each type whose equal values have equal texts", async () => {
    for (const [from, key, values] of [
      ["smallint", "bigint", ["1", "-2", "32767"]],
      [
        "text",
        "varchar(20)",
        ["'7'", "'007'", `'a"b\\c,{}'`, "''", "'NULL'", "'123456789012345678'"],
      ],
      ["char(8)", "char(10)", ["'ab'", "'c d'"]],
      ["uuid", "uuid", ["'00000000-0000-4000-8000-000000000001'"]],
    ] as const) {
      const database = await databaseOf(`
        CREATE TABLE account (key ${key} PRIMARY KEY, name text);
        CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, who ${from});
        INSERT INTO account VALUES ${values.map((value, i) => `(${value}, 'name ${i}')`).join(", ")};
        INSERT INTO login VALUES ${values.map((value, i) => `('${i}', now(), ${value})`).join(", ")}`);
      const { read } = await openStore(database, storeOf({ sessions, lookups: [account("who")] }));
      for (const { id, columns } of await read()) expect(columns["name"]).toBe(`name ${id}`);
    }
  });

  it("may share its column with another, or have its own, the id too", async () => {
    const database = await databaseOf(`
      CREATE TABLE account (key int PRIMARY KEY, name text); CREATE TABLE team (key int PRIMARY KEY, name text);
      CREATE TABLE device (key text PRIMARY KEY, name text);
      CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, who int, boss int);
      INSERT INTO account VALUES (1, 'ada'), (2, 'bob'); INSERT INTO team VALUES (1, 'red'); INSERT INTO device VALUES ('a', 'phone');
      INSERT INTO login VALUES ('a', now(), 1, 2), ('b', now(), 2, NULL)`);
    const { read } = await openStore(
      database,
      storeOf({
        sessions,
        lookups: [account("who"), account("who", "team"), account("boss"), account("id", "device")],
      }),
    );
    const byId = new Map((await read()).map(({ id, columns }) => [String(id), columns]));
    expect(byId.get("a")).toMatchObject({
      name: "ada",
      "2.name": "red",
      "3.name": "bob",
      "4.name": "phone",
    });
    expect(byId.get("b")).toMatchObject({
      name: "bob",
      "2.name": null,
      "3.name": null,
      "4.name": null,
    });
  });

  it("that the server cannot compare with its reference is refused, not met in the middle of a chunk", async () => {
    const database = await databaseOf(`
      CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      CREATE TABLE account (key int PRIMARY KEY, name text);
      CREATE TABLE loosely (key text COLLATE loose PRIMARY KEY, name text);
      CREATE TABLE raw (key bytea PRIMARY KEY, name text);
      CREATE TABLE login (id bytea PRIMARY KEY, expires timestamptz, word text, price numeric)`);
    for (const [lookup, says] of [
      [
        account("word"),
        /account\.key is of type integer, .* text, as .*\(store\.lookups\[0\]\.key\)/,
      ],
      [account("price"), /login\.price is of type numeric.*\(store\.lookups\[0\]\.from\)/],
      [
        account("word", "loosely"),
        /loosely\.key is of type text, .*bytes \(store\.lookups\[0\]\.key\)/,
      ],
      [account("id", "raw"), /login\.id is of type bytea/],
    ] as const) {
      const failure = await failureOf(
        openStore(database, storeOf({ sessions, lookups: [lookup] })),
      );
      expect(failure).toMatchObject({ code: "source-schema", exitCode: 2 });
      expect(failure.message).toMatch(says);
    }
  });

  it("may compare under another collation than the column that refers to it", async () => {
    const database = await databaseOf(`
      CREATE TABLE account (key text COLLATE "und-x-icu" PRIMARY KEY, name text);
      CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, who text COLLATE "C");
      INSERT INTO account VALUES ('ä', 'umlaut'); INSERT INTO login VALUES ('a', now(), 'ä'), ('b', now(), 'Ä')`);
    const { read, sessions: source } = await openStore(
      database,
      storeOf({ sessions, lookups: [account("who")] }),
    );
    const names = (await read()).map(({ id, columns }) => [String(id), columns["name"]] as const);
    expect(new Map(names)).toEqual(
      new Map([
        ["a", "umlaut"],
        ["b", null],
      ]),
    );
    expect((await source.survey({ colliding: [] })).lookups[0]?.missing).toBe(1);
  });

  it("with long rows is read whole for every session, a few at a time", async () => {
    const database = await databaseOf(`
      CREATE TABLE account (key int PRIMARY KEY, name text);
      CREATE TABLE login (id text PRIMARY KEY, expires timestamptz, who int);
      CREATE TABLE data (id text, k text, v text); CREATE INDEX ON data (id);
      INSERT INTO account SELECT i, repeat(i::text, CASE i WHEN 3 THEN 2000000 WHEN 2 THEN 50000 ELSE 10 END) FROM generate_series(1, 4) i;
      INSERT INTO login SELECT i, now(), 1 + i % 4 FROM generate_series(1, 99) i;
      INSERT INTO data SELECT i, 'k', i FROM generate_series(0, 99) i`);
    const { read } = await openStore(
      database,
      storeOf({
        sessions,
        lookups: [account("who")],
        attributes: { table: "data", session: "id", name: "k", value: "v" },
      }),
    );
    const all = await read();
    expect(new Set(all.map(({ id }) => id)).size).toBe(99);
    expect(all).toHaveLength(99);
    for (const { id, columns, attributes } of all) {
      const who = 1 + (Number(id) % 4);
      expect(String(columns["name"]).length).toBe([0, 10, 50_000, 2_000_000, 10][who]);
      expect(attributes).toEqual(["k", id]);
    }
  });
});

describe("attributes", () => {
  const spring = `
    CREATE TABLE login (key char(36) PRIMARY KEY, id char(36) UNIQUE, expires bigint);
    CREATE TABLE data (session char(36), name varchar(200), bytes bytea, j jsonb, n numeric, PRIMARY KEY (session, name));
    INSERT INTO login SELECT 'key ' || i, 'id ' || 100 - i, 1793000000000 FROM generate_series(0, 30) i;
    INSERT INTO data SELECT 'key ' || i, 'a' || n, decode('ff0' || n, 'hex'), to_jsonb(i), i + n / 10.0
      FROM generate_series(0, 35) i, generate_series(1, 2) n WHERE i <> 7`;
  const springStore = (value: string) =>
    storeOf({
      sessions: {
        table: "login",
        id: "id",
        expires: { column: "expires", as: "epoch-milliseconds" },
      },
      attributes: {
        table: "data",
        session: "session",
        from: "key",
        name: "name",
        value,
        prefix: "attr:",
      },
    });

  it("may refer to another column than the id, whose padding is no part of either", async () => {
    const database = await databaseOf(spring);
    const opened = await openStore(database, springStore("bytes"));
    for (const ids of [undefined, ["id 100", "id 93", "id 70"]]) {
      const read = await (ids === undefined ? opened.read() : opened.readByIds(ids));
      expect(read).toHaveLength(ids?.length ?? 31);
      for (const session of read) {
        const expected =
          session.id === "id 93"
            ? []
            : [
                ["a1", Buffer.of(0xff, 1)],
                ["a2", Buffer.of(0xff, 2)],
              ];
        expect(attributesOf(session)).toEqual(new Map(expected as [string, Buffer][]));
      }
    }
  });

  it("may have JSON or numbers for values", async () => {
    const database = await databaseOf(spring);
    for (const [value, expected] of [
      ["j", "5"],
      ["n", "5.10000000000000000000"],
    ] as const) {
      const { readByIds } = await openStore(database, springStore(value));
      const [session] = await readByIds(["id 95"]);
      expect(Number(attributesOf(session!).get("a1"))).toBe(Number(expected));
    }
  });

  it("that the server cannot compare with their sessions, or that have no plain names or values, are refused", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id uuid PRIMARY KEY, expires timestamptz, j json);
      CREATE TABLE data (session text, own uuid, name text, padded char(9), value text, at timestamptz, flag boolean)`);
    const attributes = { table: "data", session: "own", name: "name", value: "value" };
    for (const [change, path] of [
      [{ session: "session" }, "attributes.session"],
      [{ name: "padded" }, "attributes.name"],
      [{ value: "at" }, "attributes.value"],
      [{ value: "flag" }, "attributes.value"],
      [{ from: "j" }, "attributes.from"],
    ] as const) {
      const store = storeOf({ sessions, attributes: { ...attributes, ...change } });
      expect((await failureOf(openStore(database, store))).message).toContain(`(store.${path})`);
    }
    await openStore(database, storeOf({ sessions, attributes }));
  });

  it("are surveyed by name, with the sessions whose attributes collide", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id text PRIMARY KEY, expires timestamptz);
      CREATE TABLE data (session text, name text, value text);
      INSERT INTO login SELECT i, now() FROM generate_series(1, 5) i;
      INSERT INTO data SELECT i, 'cart' FROM generate_series(1, 5) i;
      INSERT INTO data VALUES ('1', 'user_id'), ('2', 'user_id'), ('2', 'email'), ('3', NULL)`);
    const attributes = { table: "data", session: "session", name: "name", value: "value" };
    const opened = await openStore(database, storeOf({ sessions, attributes }));
    expect(await opened.sessions.survey({ colliding: ["user_id", "email"] })).toEqual({
      total: 5,
      expired: 5,
      lookups: [],
      attributes: [
        { name: "cart", sessions: 5 },
        { name: "user_id", sessions: 2 },
        { name: "email", sessions: 1 },
      ],
      collidingSessions: 2,
    });
    const plain = await openStore(
      database,
      storeOf({ sessions: { ...sessions, fields: { id: "id" } } }),
    );
    expect(await plain.sessions.survey({ colliding: ["user_id"] })).toEqual({
      total: 5,
      expired: 5,
      lookups: [],
      attributes: [],
      collidingSessions: 0,
    });
    expect(await collect(plain.sessions.planChunks({ after: null, chunkSize: 2 }))).toHaveLength(2);
    expect(await plain.sessions.count(EVERYTHING)).toBe(5);
  });
});
