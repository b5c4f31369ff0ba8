import { expect } from "vitest";
import { connect } from "./physical-fixture.js";
import { type Database, SLOW_MACHINE } from "./source-fixture.js";

/** Begins to read, and rewrites the table once the reader has its snapshot and waits for the table. */
export async function rewriteBehindSnapshot<T>(
  database: Database,
  table: string,
  rewrite: string,
  read: () => Promise<T>,
): Promise<T> {
  const rewriter = await connect(database);
  await rewriter.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  const reading = read();
  await expect
    .poll(async () => {
      const { rows } = await database.client.query<{ waits: boolean }>(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = $1::regclass AND NOT granted) AS waits",
        [table],
      );
      return rows[0]!.waits;
    }, SLOW_MACHINE)
    .toBe(true);
  await rewriter.query(`${rewrite}; COMMIT`);
  return await reading;
}
