import { describe, expect, it } from "vitest";
import {
  collect,
  type Database,
  EVERYTHING,
  failureOf,
  insertSession,
  READ,
  readOne,
  referenceDatabase,
} from "./source-fixture.js";
import { INFINITE_FUTURE } from "./source-session.js";

describe("reading again", () => {
  it("adds nothing to a connection that is lent again and again", async () => {
    const database = await referenceDatabase({ connections: 1 });
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    for (let i = 0; i < 20; i += 1) await collect(database.source.extract(EVERYTHING, READ));
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});

describe("tables that differ from the reference schema", () => {
  it("whose ids or values are no text are refused by the preflight", async () => {
    for (const change of [
      `ALTER TABLE session_data DROP CONSTRAINT session_data_session_id_fkey;
       ALTER TABLE user_sessions ALTER session_id TYPE uuid USING session_id::uuid`,
      "ALTER TABLE session_data ALTER attribute_value TYPE jsonb USING NULL",
    ]) {
      const database = await referenceDatabase();
      await database.client.query(change);
      expect(await failureOf(database.source.inspect())).toMatchObject({ code: "source-schema" });
    }
  });

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
      expect(await failureOf(database.source.inspect())).toMatchObject({
        code: "source-schema",
        message: expect.stringMatching(/user_id is of type .* whole number/),
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
    await database.source.inspect();
    const read = await collect(database.source.extract(EVERYTHING, READ));
    expect(read.map(({ id, username, theme }) => [id, username, theme])).toEqual([
      ["ada", "ada", "dark"],
      ["bob", "bob", null],
    ]);
    expect(read[0]?.userId).toBe(`it's "1\\, {ü}`);
  });

  it("without NOT NULL give a session without an expiry no expiry", async () => {
    const database = await referenceDatabase();
    await database.client.query("ALTER TABLE user_sessions ALTER expires_at DROP NOT NULL");
    await insertSession(database, "one", {});
    await database.client.query("UPDATE user_sessions SET expires_at = NULL");
    expect((await readOne(database)).expiresAt).toBe(INFINITE_FUTURE);
    expect(await collect(database.source.listExpiries(EVERYTHING, READ))).toEqual([
      { id: "one", expiresAt: Infinity },
    ]);
  });

  it("with two preferences of one user give its session once, and the missing index is told", async () => {
    const database = await referenceDatabase();
    await database.client.query(`
      ALTER TABLE user_preferences DROP CONSTRAINT user_preferences_user_id_key;
      INSERT INTO user_preferences (user_id, theme) VALUES (1, 'light')`);
    await insertSession(database, "one", {}, [["k", "v"]]);
    expect((await readOne(database)).attributes).toEqual(["k", "v"]);
    expect((await database.source.inspect()).warnings).toEqual([
      expect.stringContaining("user_preferences.user_id has no index"),
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
    const plan = collect(database.source.planBounds({ after: null, chunkSize: 1, signal }));
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
