import { defaultStore, RehomeError } from "@rehome/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSource, type SessionSource } from "../src/index.js";
import {
  collect,
  type Database,
  EVERYTHING,
  failureOf,
  insertSession,
  READ,
  referenceDatabase,
  STARTED,
  storeOf,
  BY_ID,
} from "./source-fixture.js";

let roles = 0;

/** A source for a role that may read every table, and from which a policy hides rows of `table`. */
async function sourceUnderPolicy({ client, url }: Database, table: string) {
  roles += 1;
  const role = `filtered_${process.pid}_${roles}`;
  await client.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'x';
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role};
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON ${table} FOR SELECT TO ${role} USING (false)`);
  const own = new URL(url);
  [own.username, own.password] = [role, "x"];
  const source = openSource(own);
  onTestFinished(() => source.close());
  return { source, role };
}

const HIDDEN = { name: "RehomeError", code: "source-RLS", meaning: "rows-hidden" };

describe("a user from whom row-level security may hide rows", () => {
  it.each(["user_sessions", "users", "user_preferences", "session_data"])(
    "is refused by the preflight, which names the table and the mend: %s",
    async (table) => {
      const { source } = await sourceUnderPolicy(await referenceDatabase(), table);
      const failure = await failureOf(source.inspect(defaultStore));
      expect(failure).toMatchObject({ ...HIDDEN, exitCode: 2, retryable: false });
      expect(failure.message).toContain(table);
      expect(failure.hint).toMatch(/BYPASSRLS/);
    },
  );

  it("is refused by the preflight through a view, too", async () => {
    const database = await referenceDatabase();
    await database.client.query(
      "CREATE VIEW visible WITH (security_invoker) AS SELECT * FROM user_sessions",
    );
    const { source } = await sourceUnderPolicy(database, "user_sessions");
    const store = storeOf({
      sessions: {
        table: "visible",
        id: "session_id",
        expires: "expires_at",
        fields: { ip: "ip_address" },
      },
    });
    expect(await failureOf(source.inspect(store))).toMatchObject(HIDDEN);
  });

  it("is refused by the server whatever is read of the store, and never shown a part of it", async () => {
    const database = await referenceDatabase();
    await insertSession(database, "a");
    const { source } = await sourceUnderPolicy(database, "user_sessions");
    const sessions: SessionSource = source.sessions(database.store, BY_ID);
    const [all] = await database.read();
    const ids = [all!.id];
    for (const read of [
      () => collect(sessions.planChunks({ after: null, chunkSize: 1 })),
      () => sessions.count(EVERYTHING),
      () => sessions.survey({ colliding: [] }),
      () => drain(sessions.extract(EVERYTHING, READ)),
      () => drain(sessions.readByIds(ids, READ)),
      () => sessions.findKnown(ids),
      () => sessions.sampleIds(EVERYTHING, 1),
      () => collect(sessions.listExpiries(EVERYTHING, STARTED)),
    ]) {
      const failure = await failureOf(read());
      expect(failure, read.toString()).toBeInstanceOf(RehomeError);
      expect(failure, read.toString()).toMatchObject({ ...HIDDEN, unavailable: false });
    }
  });

  it("may read all the same where it has BYPASSRLS", async () => {
    const database = await referenceDatabase();
    await insertSession(database, "a");
    const { source, role } = await sourceUnderPolicy(database, "user_sessions");
    await database.client.query(`ALTER ROLE ${role} BYPASSRLS`);
    const { store, warnings } = await source.inspect(defaultStore);
    expect(warnings).toEqual([]);
    expect(await source.sessions(store, BY_ID).count(EVERYTHING)).toBe(1);
  });
});

async function drain(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches);
}
