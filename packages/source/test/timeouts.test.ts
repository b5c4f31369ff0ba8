import { describe, expect, it, onTestFinished } from "vitest";
import { openSource, seedReferenceSchema } from "../src/index.js";
import {
  collect,
  type Database,
  databaseOf,
  emptyDatabase,
  EVERYTHING,
  READ,
  STARTED,
  storeOf,
  BY_ID,
} from "./source-fixture.js";

/** What an administrator sets for a database or a role that many share. */
const TIMEOUTS = ["statement_timeout", "idle_in_transaction_session_timeout"];

async function setTimeouts({ client }: Database, milliseconds: number): Promise<void> {
  const { rows } = await client.query<{ name: string }>("SELECT current_database() AS name");
  for (const timeout of TIMEOUTS)
    await client.query(`ALTER DATABASE ${rows[0]!.name} SET ${timeout} = ${milliseconds}`);
}

/** Reading it takes longer than the database lets a statement run. */
const SLOW_STORE = `
  CREATE TABLE account (id int PRIMARY KEY, name text); INSERT INTO account VALUES (1, 'ada');
  CREATE TABLE login (id text PRIMARY KEY, who int, expires timestamptz); INSERT INTO login VALUES ('a', 1, '2099-01-01Z');
  CREATE TABLE data (id text, k text, v text, PRIMARY KEY (id, k)); INSERT INTO data VALUES ('a', 'k', 'v');
  CREATE VIEW slow_account AS SELECT account.* FROM account, pg_sleep(0.2);
  CREATE VIEW slow_login AS SELECT login.* FROM login, pg_sleep(0.2);
  CREATE VIEW slow_data AS SELECT data.* FROM data, pg_sleep(0.2)`;

describe("the statement timeout of the user or the database", () => {
  it("ends no statement of ours, whatever it reads", async () => {
    const database = await databaseOf(SLOW_STORE);
    await setTimeouts(database, 100);
    const source = openSource(database.url);
    onTestFinished(() => source.close());
    const { store } = await source.inspect(
      storeOf({
        sessions: { table: "slow_login", id: "id", expires: "expires" },
        lookups: [{ table: "slow_account", key: "id", from: "who", fields: { name: "name" } }],
        attributes: { table: "slow_data", session: "id", name: "k", value: "v" },
      }),
    );
    const sessions = source.sessions(store, BY_ID);
    expect(await collect(sessions.planChunks({ after: null, chunkSize: 1 }))).toEqual([]);
    expect(await sessions.count(EVERYTHING)).toBe(1);
    expect(await sessions.survey({ colliding: ["k"] })).toMatchObject({
      total: 1,
      lookups: [{ missing: 0 }],
      attributes: [{ name: "k", sessions: 1 }],
      collidingSessions: 1,
    });
    const ids = await sessions.sampleIds(EVERYTHING, 1);
    expect(await sessions.findKnown(ids)).toEqual(new Set(ids));
    let read = 0;
    for await (const batch of sessions.extract(EVERYTHING, READ)) read += batch.count;
    for await (const batch of sessions.readByIds(ids, READ)) read += batch.count;
    expect(read).toBe(2);
    expect(await collect(sessions.listExpiries(EVERYTHING, STARTED))).toHaveLength(1);
  });

  it("does not end a seed either", async () => {
    const database = await emptyDatabase();
    await setTimeouts(database, 20);
    await seedReferenceSchema(database.url, { users: 100, sessions: 20_000, seed: 1 });
    const { rows } = await database.client.query(
      "SELECT count(*)::int AS count FROM user_sessions",
    );
    expect(rows).toEqual([{ count: 20_000 }]);
  });
});
