import { describe, expect, it } from "vitest";
import {
  collect,
  type Database,
  EVERYTHING,
  failureOf,
  insertSession,
  openStore,
  readOne,
  referenceDatabase,
  STARTED,
} from "./source-fixture.js";

describe("reading again", () => {
  it("adds nothing to a connection that is lent again and again", async () => {
    const database = await referenceDatabase({ connections: 1 });
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    for (let i = 0; i < 20; i += 1) await database.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});

describe("tables that differ from the reference schema", () => {
  it("whose equal user ids may be written in two ways are refused, since a session would lose its user", async () => {
    const changes = [
      "ALTER TABLE users ALTER user_id DROP DEFAULT, ALTER user_id TYPE numeric",
      `CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
       ALTER TABLE user_preferences ALTER user_id TYPE text COLLATE nocase USING user_id::text`,
    ];
    for (const change of changes) {
      const database = await referenceDatabase();
      await dropForeignKeys(database);
      await database.client.query(change);
      expect(await failureOf(openStore(database))).toMatchObject({
        code: "source-schema",
        message: expect.stringMatching(/user_id is of type .* \(store\)/),
      });
    }
  });

  it("with user ids of another type than integer give each session its user", async () => {
    const database = await referenceDatabase();
    await dropForeignKeys(database);
    await database.client.query(`
      ALTER TABLE users ALTER user_id DROP DEFAULT, ALTER user_id TYPE text USING 'it''s "' || user_id || '\\, {ü}';
      ALTER TABLE user_sessions ALTER user_id TYPE text USING NULL;
      ALTER TABLE user_preferences ALTER user_id TYPE varchar USING 'it''s "' || user_id || '\\, {ü}'`);
    await database.client.query(
      "INSERT INTO user_sessions (session_id, user_id, expires_at) SELECT username, user_id, '2099-01-01' FROM users",
    );
    const read = await (await openStore(database)).read();
    expect(new Map(read.map(({ id, columns }) => [String(id), columns]))).toMatchObject(
      new Map([
        ["ada", { user_id: `it's "1\\, {ü}`, username: "ada", theme: "dark" }],
        ["bob", { user_id: `it's "2\\, {ü}`, username: "bob", theme: null }],
      ]),
    );
  });

  it("without NOT NULL give a session without an expiry no expiry", async () => {
    const database = await referenceDatabase();
    await database.client.query("ALTER TABLE user_sessions ALTER expires_at DROP NOT NULL");
    await insertSession(database, "one", {});
    await database.client.query("UPDATE user_sessions SET expires_at = NULL");
    expect((await readOne(database)).columns["expires_at"]).toBe(null);
    expect(await collect(database.sessions.listExpiries(EVERYTHING, STARTED))).toEqual([
      { id: "one", expiresAt: Number.NaN },
    ]);
  });

  it("with two preferences of one user give its session once, in doubt, and warn of it", async () => {
    const database = await referenceDatabase();
    await database.client.query(`
      ALTER TABLE user_preferences DROP CONSTRAINT user_preferences_user_id_key;
      INSERT INTO user_preferences (user_id, theme) VALUES (1, 'light')`);
    await insertSession(database, "one", {}, [["k", "v"]]);
    expect((await readOne(database)).attributes).toEqual(["k", "v"]);
    expect((await openStore(database)).warnings).toEqual([
      expect.stringContaining("user_preferences.user_id has no index"),
      expect.stringContaining("nothing makes user_preferences.user_id unique"),
    ]);
  });
});

describe("an abort", () => {
  it("ends a plan while the server is still at work on it", async () => {
    const database = await referenceDatabase();
    await database.client.query(`
      ALTER TABLE user_sessions RENAME TO hidden;
      CREATE VIEW user_sessions AS SELECT * FROM hidden WHERE (SELECT pg_sleep(5)) IS NOT NULL`);
    const signal = AbortSignal.timeout(200);
    const began = Date.now();
    const plan = collect(database.sessions.planChunks({ after: null, chunkSize: 1, signal }));
    expect(await failureOf(plan)).toBe(signal.reason);
    expect(Date.now() - began).toBeLessThan(3_000);
  });
});

async function dropForeignKeys({ client }: Database): Promise<void> {
  await client.query(`
    DO $$ DECLARE each record; BEGIN
      FOR each IN SELECT conname, conrelid::regclass AS name FROM pg_constraint WHERE contype = 'f' LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', each.name, each.conname);
      END LOOP; END $$`);
}
