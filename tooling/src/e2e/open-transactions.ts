import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";

const [POLL_MS, PATIENCE_MS] = [10, 10_000];

/**
 * Waits until every transaction that is open by now has ended, of whichever database of the server. A run reads once more,
 * at its end, what was written since the oldest open one began: tests that share a server would count otherwise than alone.
 * Does nothing where the source is away.
 */
export async function outliveTransactions(source: pg.Pool): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  const now = await ask(source, "txid_current()");
  while (now !== null && Date.now() < deadline) {
    const oldest = await ask(source, "txid_snapshot_xmin(txid_current_snapshot())");
    if (oldest === null || oldest > now) return;
    await sleep(POLL_MS);
  }
}

async function ask(source: pg.Pool, id: string): Promise<bigint | null> {
  try {
    const { rows } = await source.query<{ id: string }>(`SELECT ${id}::text AS id`);
    return BigInt(rows[0]?.id ?? 0);
  } catch {
    return null;
  }
}
