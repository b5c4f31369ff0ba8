import type { Client } from "pg";

/** Rows inserted at a time, so that there is progress to show. */
const STEP = 50_000;

export async function insertInSteps(
  sessions: number,
  onProgress: (sessions: number) => void,
  insert: (count: number) => Promise<void>,
): Promise<void> {
  for (let done = 0; done < sessions; done += STEP) {
    await insert(Math.min(STEP, sessions - done));
    onProgress(Math.min(done + STEP, sessions));
  }
}

/** As autovacuum leaves tables that have been there for a while. */
export async function tidy(source: Client, tables: readonly string[]): Promise<void> {
  await source.query(`VACUUM (ANALYZE, FREEZE) ${tables.join(", ")}`);
  await checkpoint(source);
}

/** Lest one fall into a turn; where this user may not ask for one, it may. */
async function checkpoint(source: Client): Promise<void> {
  await source.query("CHECKPOINT").catch((error: { code?: string }) => {
    if (error.code !== "42501") throw error;
  });
}
