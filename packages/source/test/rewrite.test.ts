import { describe, expect, it } from "vitest";
import {
  collect,
  type Database,
  databaseOf,
  EVERYTHING,
  failureOf,
  insertSession,
  openStore,
  referenceDatabase,
  STARTED,
} from "./source-fixture.js";
import { CREATE_LOGIN, LOGIN } from "./physical-fixture.js";
import { rewriteBehindSnapshot } from "./rewrite-fixture.js";

const rewrite = (table: string) =>
  `ALTER TABLE ${table} ADD more timestamptz DEFAULT clock_timestamp()`;

const CHANGED = { name: "RehomeError", code: "source-altered", retryable: true };

/** Fails once, since a snapshot sees nothing of a table that was rewritten after it; then reads it all. */
async function expectAnotherAttempt<T>(
  database: Database,
  table: string,
  read: () => Promise<readonly T[]>,
): Promise<void> {
  const before = await read();
  expect(before).not.toEqual([]);
  expect(
    await rewriteBehindSnapshot(database, table, rewrite(table), () => failureOf(read())),
  ).toMatchObject(CHANGED);
  expect(await read()).toEqual(before);
}

describe("a table that is rewritten behind the snapshot of who waits for it is not taken for an empty one", () => {
  it.each(["user_sessions", "session_data", "users", "user_preferences"])(
    "but read again: %s, in the order of ids",
    async (table) => {
      const database = await referenceDatabase();
      await insertSession(database, "one", {}, [["k", "v"]]);
      await expectAnotherAttempt(database, table, () => database.read());
      await database.client.query(`ALTER TABLE ${table} DROP more`);
      await expectAnotherAttempt(database, table, () => database.readByIds(["one"]));
    },
  );

  it.each(["session_data", "users"])("but read again: %s, in physical order", async (table) => {
    const database = await referenceDatabase();
    await insertSession(database, "one", {}, [["k", "v"]]);
    const { sessions, read } = await openStore(database, undefined, "physical");
    const [chunk] = await collect(sessions.planChunks({ after: null, chunkSize: 9 }));
    const range = { after: null, upTo: chunk!.upTo };
    await expectAnotherAttempt(database, table, () => read({}, range));
  });

  it("but read again: the only table", async () => {
    const database = await databaseOf(
      `${CREATE_LOGIN}; INSERT INTO login VALUES ('one', 'x'), ('two', 'y')`,
    );
    const { sessions, read, readByIds } = await openStore(database, LOGIN);
    for (const again of [
      () => read(),
      () => readByIds(["one"]),
      () => sessions.sampleIds(EVERYTHING, 2).then((ids) => ids.toSorted()),
      () => collect(sessions.listExpiries(EVERYTHING, STARTED)),
    ]) {
      await expectAnotherAttempt<unknown>(database, "login", again);
      await database.client.query("ALTER TABLE login DROP more");
    }
  });
});
