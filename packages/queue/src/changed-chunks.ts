import type { RunId } from "@rehome/core";
import {
  type ChunkState,
  type AttemptStats,
  parseAttemptStats,
  parseEntry,
} from "./chunk-state.js";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";

export interface ChangedChunk {
  readonly chunk: number;
  readonly entry: ChunkState;
  /** null where it has not ended yet. */
  readonly stats: AttemptStats | null;
}

export interface Changes {
  /** Where to go on reading. */
  readonly next: number;
  /** The ledger is an older one than `after` was read from: forget what was read, and begin at 0. */
  readonly restored: boolean;
  readonly chunks: readonly ChangedChunk[];
}

/**
 * The chunks whose entry in the ledger has changed since place `after` (0: since the run began), as they stand
 * now; at most `limit` changes at a time.
 */
export async function readChangedChunks(
  queue: QueueConnection,
  run: RunId,
  after: number,
  limit: number,
): Promise<Changes> {
  const keys = runKeys(run);
  const length = await queue.redis.llen(keys.changed);
  if (length < after) return { next: 0, restored: true, chunks: [] };
  if (length === after) return { next: after, restored: false, chunks: [] };
  const changed = await queue.redis.lrange(keys.changed, after, after + limit - 1);
  const numbers = [...new Set(changed)];
  const [entries, attempts] = await Promise.all([
    queue.redis.hmget(keys.chunks, ...numbers),
    queue.redis.hmget(keys.attempts, ...numbers),
  ]);
  const chunks = numbers.map((number, at) => ({
    chunk: Number(number),
    entry: parseEntry(entries[at] ?? null),
    stats: parseAttemptStats(attempts[at] ?? null),
  }));
  return { next: after + changed.length, restored: false, chunks };
}
