import { describe, expect, it, onTestFinished } from "vitest";
import { openSource } from "../src/index.js";
import { type Database, databaseOf, openStore, storeOf } from "./source-fixture.js";
import { CREATE_LOGIN, CREATE_PARTITIONED, LOGIN } from "./physical-fixture.js";

const ROWS = "INSERT INTO login SELECT i, 'x' FROM generate_series(1, 1000) i";

const PARTITIONED = `${CREATE_PARTITIONED("HASH (sid)")};
  CREATE TABLE p0 PARTITION OF login FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE p1 PARTITION OF login FOR VALUES WITH (MODULUS 2, REMAINDER 1)`;

async function baselineOf({ source }: Pick<Database, "source">, store = LOGIN) {
  const { store: resolved } = await source.inspect(store);
  return await source.baseline(resolved);
}

let roles = 0;

/** The same database as a user sees it who has been granted this. */
async function seenBy(
  { client, url }: Database,
  grants: (role: string) => string,
): Promise<Pick<Database, "source" | "client">> {
  roles += 1;
  const role = `reader_${process.pid}_${roles}`;
  await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; ${grants(role)}`);
  const own = new URL(url);
  [own.username, own.password] = [role, "x"];
  const source = openSource(own);
  onTestFinished(() => source.close());
  return { source, client };
}

describe("what is not read in physical order has no baseline", () => {
  it("a view", async () => {
    const database = await databaseOf(`${CREATE_LOGIN}; ${ROWS}; CREATE VIEW seen AS TABLE login`);
    const seen = storeOf({
      sessions: { table: "seen", id: "sid", expires: "expire" },
      value: { string: "sess" },
    });
    expect(await baselineOf(database, seen)).toBe(null);
    expect(await baselineOf(database)).not.toBe(null);
  });

  it("a materialized view, though an index makes its ids unique", async () => {
    const database = await databaseOf(`${CREATE_LOGIN}; ${ROWS};
      CREATE MATERIALIZED VIEW seen AS TABLE login; CREATE UNIQUE INDEX ON seen (sid)`);
    const seen = storeOf({
      sessions: { table: "seen", id: "sid", expires: "expire" },
      value: { string: "sess" },
    });
    expect(await baselineOf(database, seen)).toBe(null);
  });

  it("ids that nothing makes unique", async () => {
    const database = await databaseOf(
      `${CREATE_LOGIN}; ALTER TABLE login DROP CONSTRAINT login_pkey; CREATE INDEX ON login (sid); ${ROWS}`,
    );
    expect(await baselineOf(database)).toBe(null);
  });

  it("a table from which another inherits", async () => {
    const database = await databaseOf(`${CREATE_LOGIN}; CREATE TABLE child () INHERITS (login)`);
    expect(await baselineOf(database)).toBe(null);
  });

  it("a table with a partition that is a foreign table", async ({ skip }) => {
    const database = await databaseOf(CREATE_PARTITIONED("RANGE (sid)"));
    const { rows } = await database.client.query(
      "SELECT FROM pg_available_extensions WHERE name = 'file_fdw'",
    );
    if (rows.length === 0) skip("the server has no file_fdw");
    await database.client.query(`
      CREATE TABLE own PARTITION OF login FOR VALUES FROM ('5') TO (MAXVALUE);
      ALTER TABLE login DROP CONSTRAINT login_pkey;
      CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
      CREATE FOREIGN TABLE far PARTITION OF login FOR VALUES FROM (MINVALUE) TO ('5')
        SERVER files OPTIONS (filename '/dev/null')`);
    const { store } = await database.source.inspect(LOGIN);
    expect(await database.source.baseline({ ...store, isUnique: true })).toBe(null);
    await database.client.query("DROP FOREIGN TABLE far");
    expect(await database.source.baseline({ ...store, isUnique: true })).not.toBe(null);
  });

  it("partitions of which the user may not read each by itself", async () => {
    const database = await databaseOf(`${PARTITIONED}; ${ROWS}`);
    const all = (role: string) => `GRANT SELECT ON login, p0, p1 TO ${role}`;
    expect(await baselineOf(await seenBy(database, all))).toMatchObject({ files: [{}, {}] });
    const some = (role: string) => `GRANT SELECT ON login, p0 TO ${role}`;
    expect(await baselineOf(await seenBy(database, some))).toBe(null);
    const none = (role: string) => `GRANT SELECT ON login TO ${role}`;
    expect(await baselineOf(await seenBy(database, none))).toBe(null);
  });

  it("a partition of which row security may hide rows", async () => {
    const database = await databaseOf(
      `${PARTITIONED}; ${ROWS}; ALTER TABLE p1 ENABLE ROW LEVEL SECURITY`,
    );
    const all = (role: string) => `GRANT SELECT ON login, p0, p1 TO ${role}`;
    expect(await baselineOf(await seenBy(database, all))).toBe(null);
    const bypassing = (role: string) => `${all(role)}; ALTER ROLE ${role} BYPASSRLS`;
    expect(await baselineOf(await seenBy(database, bypassing))).not.toBe(null);
  });

  it.each([
    ["a table", CREATE_LOGIN, ["(sid, sess, expire) ON login"]],
    ["partitions", PARTITIONED, [" ON login", "(sid, sess, expire) ON p0, p1"]],
    ["a table of partitions", PARTITIONED, ["(sid, sess, expire) ON login", " ON p0, p1"]],
  ] as const)("%s of which the user may read the columns alone", async (_, create, columns) => {
    const database = await databaseOf(`${create}; ${ROWS}`);
    const reader = await seenBy(database, (role) =>
      columns.map((what) => `GRANT SELECT ${what} TO ${role}`).join("; "),
    );
    expect(await baselineOf(reader)).toBe(null);
    expect(await (await openStore(reader, LOGIN)).read()).toHaveLength(1_000);
  });
});

/** More pages than are counted, with few rows in each. */
const LARGE = `
  CREATE UNLOGGED TABLE login (sid text, sess text, expire timestamptz) WITH (autovacuum_enabled = off, fillfactor = 10);
  INSERT INTO login SELECT i, repeat('x', 100) FROM generate_series(1, 50000) i;
  CREATE UNIQUE INDEX ON login (sid)`;

describe("the sessions of a plan", () => {
  it("are counted in a small table, whatever the server knows of it", async () => {
    const database = await databaseOf(`${CREATE_LOGIN}; ${ROWS}`);
    const sum = async () =>
      (await baselineOf(database))!.files.reduce((all, { sessions }) => all + sessions, 0);
    expect(await sum()).toBe(1_000);
    await database.client.query("ANALYZE login; DELETE FROM login WHERE sid LIKE '1%'");
    expect(await sum()).toBe(1_000 - 112);
  });

  it("are estimated within a fifth in a large table, never analyzed, analyzed or vacuumed", async () => {
    const database = await databaseOf(LARGE);
    const expectNear = async (expected: number) => {
      const [file, ...others] = (await baselineOf(database))!.files;
      expect(others).toEqual([]);
      expect(file!.pages).toBeGreaterThan(8_192);
      expect(Math.abs(file!.sessions - expected)).toBeLessThan(expected / 5);
    };
    await expectNear(50_000);
    await database.client.query("ANALYZE login");
    await expectNear(50_000);
    await database.client.query("DELETE FROM login WHERE sid::int % 2 = 0; ANALYZE login");
    await expectNear(25_000);
    await database.client.query("DELETE FROM login WHERE sid::int % 4 = 1");
    await database.client.query("VACUUM login");
    await expectNear(12_500);
  });

  it("are estimated in a large table that was empty of sessions when it was analyzed", async () => {
    const database = await databaseOf(LARGE);
    await database.client.query("DELETE FROM login");
    await database.client.query("VACUUM (TRUNCATE off, ANALYZE) login");
    await database.client.query(
      "INSERT INTO login SELECT i, repeat('x', 100) FROM generate_series(1, 50000) i",
    );
    const [file] = (await baselineOf(database))!.files;
    expect(file!.pages).toBeGreaterThan(8_192);
    expect(Math.abs(file!.sessions - 50_000)).toBeLessThan(10_000);
  });

  it("are estimated in many partitions of which only some are looked at", async () => {
    const database = await databaseOf(`${CREATE_PARTITIONED("HASH (sid)")};
      DO $$ BEGIN FOR i IN 0 .. 29 LOOP
        EXECUTE format('CREATE TABLE p%s PARTITION OF login FOR VALUES WITH (MODULUS 30, REMAINDER %s)
                        WITH (autovacuum_enabled = off, fillfactor = 10)', i, i);
      END LOOP; END $$;
      INSERT INTO login SELECT i, repeat('x', 100) FROM generate_series(1, 55000) i; ANALYZE p0, p1`);
    const { files } = (await baselineOf(database))!;
    expect(files).toHaveLength(30);
    expect(files.reduce((pages, file) => pages + file.pages, 0)).toBeGreaterThan(8_192);
    const sum = files.reduce((all, { sessions }) => all + sessions, 0);
    expect(Math.abs(sum - 55_000)).toBeLessThan(11_000);
  });
});
