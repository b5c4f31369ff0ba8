import { describe, expect, it } from "vitest";
import { openSource } from "../src/index.js";
import { databaseOf, failureOf, openStore, storeOf } from "./source-fixture.js";
import { attributesOf } from "./source-session.js";

/** `name: column` for each of them. */
const simple = (table: string) =>
  storeOf({ sessions: { table, id: "id", expires: "expires", fields: { note: "note" } } });

const COLUMNS = "(id text PRIMARY KEY, expires timestamptz, note text)";

async function notesOf(...args: Parameters<typeof openStore>): Promise<unknown[]> {
  const { read } = await openStore(...args);
  return (await read()).map(({ columns }) => columns["note"]);
}

describe("a table's name", () => {
  it("may have a schema, upper case, spaces, dots and quotes, as may its columns", async () => {
    const database = await databaseOf(`
      CREATE SCHEMA "My.App";
      CREATE TABLE "My.App"."User ""Logins"".v2" ("Token Id" text PRIMARY KEY, "valid.until" timestamptz, "o""Neill" text, "Who" int);
      CREATE TABLE "My.App"."Accounts" ("Key" int PRIMARY KEY, "Login Name" text);
      CREATE TABLE "My.App"."data of it" ("Token Id" text, "K" text, "V" text);
      INSERT INTO "My.App"."User ""Logins"".v2" VALUES ('a', '2030-01-01', 'note', 7);
      INSERT INTO "My.App"."Accounts" VALUES (7, 'ada');
      INSERT INTO "My.App"."data of it" VALUES ('a', 'k', 'v')`);
    const opened = await openStore(
      database,
      storeOf({
        sessions: {
          table: `"My.App"."User ""Logins"".v2"`,
          id: "Token Id",
          expires: "valid.until",
          fields: { note: `o"Neill` },
        },
        lookups: [
          { table: `"My.App".Accounts`, key: "Key", from: "Who", fields: { login: "Login Name" } },
        ],
        attributes: { table: `"My.App".data of it`, session: "Token Id", name: "K", value: "V" },
      }),
    );
    const [session] = await opened.read();
    expect(session?.columns).toMatchObject({ 'o"Neill': "note", "Login Name": "ada" });
    expect(attributesOf(session!)).toEqual(new Map([["k", "v"]]));
    expect(await opened.sessions.count({ after: null, upTo: null })).toBe(1);
    expect(await opened.sessions.survey({ colliding: ["k"] })).toMatchObject({
      total: 1,
      lookups: [{ missing: 0 }],
      collidingSessions: 1,
    });
    // What was found may be read again, as a run's copy of the store is.
    expect((await openStore(database, opened.store)).store).toEqual(opened.store);
    expect(await database.source.identify(opened.store)).toMatch(/\/\d+$/);
    expect(opened.warnings).toEqual([
      expect.stringMatching(/^"?data of it"?\.Token Id has no index/),
    ]);
  });

  it("without a schema is looked for along the search path, and the table found stays the same", async () => {
    const database = await databaseOf(`
      CREATE SCHEMA auth; CREATE TABLE auth.login ${COLUMNS}; INSERT INTO auth.login VALUES ('a', 'now', 'of auth');
      CREATE SCHEMA other; CREATE TABLE other.login ${COLUMNS}; INSERT INTO other.login VALUES ('b', 'now', 'of other')`);
    const url = new URL(database.url);
    url.searchParams.set("options", "-c search_path=auth,public");
    const source = openSource(url);
    try {
      const { store } = await openStore({ source }, simple("login"));
      expect(store.sessions.table).toBe("auth.login");
      // A worker whose role has another path reads the same table.
      const { read } = await openStore(database, store);
      expect((await read()).map(({ columns }) => columns["note"])).toEqual(["of auth"]);
    } finally {
      await source.close();
    }
  });

  it("that two schemas of the search path have is refused as ambiguous", async () => {
    const database = await databaseOf(`
      CREATE SCHEMA auth; CREATE TABLE auth.login ${COLUMNS}; CREATE TABLE public.login ${COLUMNS}`);
    const url = new URL(database.url);
    url.searchParams.set("options", "-c search_path=auth,public");
    const source = openSource(url);
    try {
      expect(await failureOf(openStore({ source }, simple("login")))).toMatchObject({
        code: "source-schema",
        exitCode: 2,
        message: expect.stringContaining(
          "ambiguous: there are auth.login and public.login (store.sessions.table)",
        ),
        hint: expect.stringContaining("with its schema"),
      });
    } finally {
      await source.close();
    }
  });

  it("that only a schema beside the search path has is refused, and the hint names that one", async () => {
    const database = await databaseOf(
      `CREATE SCHEMA auth; CREATE TABLE auth.login ${COLUMNS}; CREATE TABLE "Login" ${COLUMNS}`,
    );
    expect(await failureOf(openStore(database, simple("login")))).toMatchObject({
      message: expect.stringContaining("table login is missing (store.sessions.table)"),
      hint: expect.stringContaining("auth.login"),
    });
    expect(await failureOf(openStore(database, simple("nowhere.login")))).toMatchObject({
      message: expect.stringContaining("table nowhere.login is missing"),
    });
    expect(await notesOf(database, simple("Login"))).toEqual([]);
  });
});

describe("a source that lacks something", () => {
  it("is refused naming the column, what the table has instead, and where the store names it", async () => {
    const database = await databaseOf(`CREATE TABLE login ${COLUMNS}`);
    const store = storeOf({
      sessions: { table: "login", id: "id", expires: "expires", fields: { note: "Note" } },
    });
    expect(await failureOf(openStore(database, store))).toMatchObject({
      code: "source-schema",
      exitCode: 2,
      message: expect.stringContaining("column login.Note is missing (store.sessions.fields.note)"),
      hint: "The table has id, expires, note",
    });
  });

  it("is refused where a privilege on a column or a schema is missing, with the statement that grants it", async () => {
    const role = `limited_${process.pid}`;
    const database = await databaseOf(`
      CREATE SCHEMA "Auth"; CREATE TABLE "Auth"."Login" ${COLUMNS}; CREATE TABLE login ${COLUMNS};
      CREATE ROLE ${role} LOGIN PASSWORD 'limited';
      GRANT SELECT (id, expires) ON login TO ${role}; GRANT SELECT ON "Auth"."Login" TO ${role}`);
    const url = new URL(database.url);
    [url.username, url.password] = [role, "limited"];
    const source = openSource(url);
    try {
      expect(await failureOf(openStore({ source }, simple("login")))).toMatchObject({
        message: expect.stringContaining("login.note may not be read (store.sessions.fields.note)"),
        hint: expect.stringContaining('GRANT SELECT ON "public"."login"'),
      });
      expect(await failureOf(openStore({ source }, simple("Auth.Login")))).toMatchObject({
        message: expect.stringContaining("schema Auth may not be used"),
        hint: expect.stringContaining('GRANT USAGE ON SCHEMA "Auth"'),
      });
      // What may not be read whole is not offered either.
      expect(await source.listTables()).toEqual([
        expect.objectContaining({
          table: "login",
          columns: [
            expect.objectContaining({ name: "id" }),
            expect.objectContaining({ name: "expires" }),
          ],
        }),
      ]);
    } finally {
      await source.close();
      await database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});

describe("a source of another shape", () => {
  it("may be a view over other schemas: each row comes, with a warning that nothing makes its id unique", async () => {
    const database = await databaseOf(`
      CREATE SCHEMA a; CREATE TABLE a.one ${COLUMNS}; CREATE SCHEMA b; CREATE TABLE b.two ${COLUMNS};
      INSERT INTO a.one VALUES ('1', '2030-01-01', 'x'); INSERT INTO b.two VALUES ('2', '2030-01-01', 'y');
      CREATE VIEW login AS SELECT * FROM a.one UNION ALL SELECT * FROM b.two`);
    const { read, warnings, store } = await openStore(database, simple("login"));
    const all = (await read()).map(({ id, isShared }) => `${id} ${isShared}`);
    expect(all.toSorted()).toEqual(["1 false", "2 false"]);
    expect(store.isUnique).toBe(false);
    expect(warnings).toEqual([expect.stringContaining("nothing makes id unique")]);
  });

  it("may be a materialized view", async () => {
    const database = await databaseOf(`
      CREATE TABLE base ${COLUMNS}; INSERT INTO base VALUES ('1', '2030-01-01', 'x');
      CREATE MATERIALIZED VIEW login AS SELECT * FROM base; CREATE UNIQUE INDEX ON login (id)`);
    expect(await notesOf(database, simple("login"))).toEqual(["x"]);
  });

  it("may be partitioned, sessions and attributes alike", async () => {
    const database = await databaseOf(`
      CREATE TABLE login ${COLUMNS} PARTITION BY HASH (id);
      CREATE TABLE login0 PARTITION OF login FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE login1 PARTITION OF login FOR VALUES WITH (MODULUS 2, REMAINDER 1);
      CREATE TABLE data (session text, k text, v text, PRIMARY KEY (session, k)) PARTITION BY RANGE (session);
      CREATE TABLE data0 PARTITION OF data FOR VALUES FROM (MINVALUE) TO ('5');
      CREATE TABLE data1 PARTITION OF data FOR VALUES FROM ('5') TO (MAXVALUE);
      INSERT INTO login SELECT i, '2030-01-01', 'n' || i FROM generate_series(0, 99) i;
      INSERT INTO data SELECT i, 'k', 'v' || i FROM generate_series(0, 99) i`);
    const store = { ...simple("login"), attributes: attributesIn("data") };
    const { read, warnings, sessions } = await openStore(database, store);
    const all = await read();
    expect(all).toHaveLength(100);
    for (const { id, columns, attributes } of all)
      expect([columns["note"], ...attributes]).toEqual([`n${id}`, "k", `v${id}`]);
    expect(warnings).toEqual([]);
    expect(await sessions.count({ after: null, upTo: null })).toBe(100);
    const tables = await database.source.listTables();
    expect(tables.map(({ table }) => table)).toEqual(["data", "login"]);
    expect(tables[1]?.columns[0]).toEqual({
      name: "id",
      type: "text",
      kind: "text",
      isUnique: true,
    });
  });

  it("has no unique ids where other tables inherit from it, or its index is partial, invalid or on more columns", async () => {
    const database = await databaseOf(`
      CREATE TABLE parent ${COLUMNS}; CREATE TABLE child () INHERITS (parent);
      INSERT INTO parent VALUES ('a'); INSERT INTO child VALUES ('a');
      CREATE TABLE part (id text, expires timestamptz, note text); CREATE UNIQUE INDEX ON part (id) WHERE note IS NULL;
      CREATE TABLE pair (id text, expires timestamptz, note text, UNIQUE (id, note))`);
    for (const table of ["parent", "part", "pair"])
      expect((await openStore(database, simple(table))).store.isUnique).toBe(false);
    const { read } = await openStore(database, simple("parent"));
    expect((await read()).map(({ isShared }) => isShared)).toEqual([true, true]);
  });
});

function attributesIn(table: string) {
  return { table, session: "session", from: null, name: "k", value: "v", prefix: "" };
}

it("refuses a materialized view that was never filled, and reads it once it is", async () => {
  const database = await databaseOf(`
    CREATE TABLE login (id text PRIMARY KEY, expires timestamptz);
    INSERT INTO login VALUES ('a', '2099-01-01Z');
    CREATE MATERIALIZED VIEW logins AS SELECT * FROM login WITH NO DATA`);
  const store = storeOf({
    sessions: { table: "logins", id: "id", expires: "expires", fields: { id: "id" } },
  });
  const failure = await failureOf(openStore(database, store));
  expect(failure).toMatchObject({ code: "source-schema", exitCode: 2 });
  expect(failure.message).toContain(
    "materialized view public.logins was never filled (store.sessions.table)",
  );
  await database.client.query("REFRESH MATERIALIZED VIEW logins");
  expect(await (await openStore(database, store)).read()).toHaveLength(1);
});

describe("the catalogue", () => {
  it("lists every table that may be read, with what its columns hold, and opens none", async () => {
    const database = await databaseOf(`
      CREATE SCHEMA auth;
      CREATE DOMAIN short AS varchar(10); CREATE DOMAIN shorter AS short; CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE TABLE auth.login (id uuid PRIMARY KEY, name shorter UNIQUE, mood mood, at timestamp, ip inet, tags int[]);
      CREATE VIEW logins AS SELECT id, 1 / 0 AS broken FROM auth.login`);
    await database.client.query("BEGIN; LOCK TABLE auth.login IN ACCESS EXCLUSIVE MODE");
    const tables = await database.source.listTables();
    await database.client.query("ROLLBACK");
    expect(tables).toEqual([
      {
        schema: "public",
        table: "logins",
        needsSchema: false,
        columns: [
          { name: "id", type: "uuid", kind: "text", isUnique: false },
          { name: "broken", type: "integer", kind: "number", isUnique: false },
        ],
      },
      {
        schema: "auth",
        table: "login",
        needsSchema: true,
        columns: [
          { name: "id", type: "uuid", kind: "text", isUnique: true },
          { name: "name", type: "character varying", kind: "text", isUnique: true },
          { name: "mood", type: "mood", kind: "text", isUnique: false },
          { name: "at", type: "timestamp without time zone", kind: "time", isUnique: false },
          { name: "ip", type: "inet", kind: null, isUnique: false },
          { name: "tags", type: "integer[]", kind: null, isUnique: false },
        ],
      },
    ]);
  });
});
