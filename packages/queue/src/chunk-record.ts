import {
  COUNT_NAMES,
  type Counts,
  isActive,
  type Phase,
  type Reject,
  RehomeError,
  type RunId,
} from "@rehome/core";
import {
  type ChunkState,
  type AttemptStats,
  parseEntry,
  renderAttemptStats,
  renderEntry,
} from "./chunk-state.js";
import { enqueueChunks } from "./chunk-jobs.js";
import type { QueueConnection } from "./connection.js";
import { ACTIVE_KEY, runKeys } from "./keys.js";
import { expireLedger } from "./ledger-lifetime.js";
import { jobId } from "./payload.js";
import { removeByIds } from "./remove-jobs.js";
import { loadScript } from "./script.js";

const recordScript = loadScript("record-chunk");
const failScript = loadScript("fail-chunk");
const finalizeScript = loadScript("finalize");
const admitScript = loadScript("admit-batch");
const stageScript = loadScript("stage-rejects");

/** Rejects that a crash leaves staged expire by themselves. */
const STAGED_LIFETIME_MS = 24 * 60 * 60 * 1000;

export async function readChunkState(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
): Promise<ChunkState> {
  return parseEntry(await queue.redis.hget(runKeys(run).chunks, String(chunk)));
}

/**
 * Asked before a batch of `sessions`: the run's phase, and how long to wait first because of the rate limit (ms). Asking
 * takes the batch's share of the rate; a change of the rate cancels the wait.
 */
export async function admitBatch(
  queue: QueueConnection,
  run: RunId,
  sessions: number,
): Promise<{ phase: Phase | null; waitMs: number; maxRate: number | null }> {
  const keys = runKeys(run);
  const [phase, waitMs, rate] = (await admitScript(
    queue.redis,
    [keys.run, keys.rateLimiter],
    [sessions],
  )) as [Phase | null, number, string];
  return { phase, waitMs, maxRate: rate === "" ? null : Number(rate) };
}

/** Sets rejects aside until their chunk is recorded; `attempt` tells apart two workers at one chunk. */
export async function stageRejects(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
  attempt: string,
  rejects: readonly Reject[],
): Promise<void> {
  if (rejects.length === 0) return;
  const keys = runKeys(run);
  await stageScript(
    queue.redis,
    [keys.run, keys.staged(chunk, attempt), keys.rejects(chunk)],
    [STAGED_LIFETIME_MS, ...rejects.flatMap((reject) => [reject.id, reject.code, reject.message])],
  );
}

/** How things stood when an attempt began. */
export interface Begun {
  /** The chunk: where only its rejects were tried again, and another attempt was faster, what that one recorded stays. */
  readonly before?: ChunkState;
  /** The run's: an attempt that a retry of the run has overtaken is refused. */
  readonly generation?: number;
}

/**
 * Counts, staged rejects and the stats of its attempts enter the ledger at once. A chunk recorded twice counts once.
 * Returns false where the run was retried after the attempt had begun: the chunk is to be looked at again. Throws
 * RehomeError `rejects-expired`, which is retryable, where the rejects counted were not kept until now.
 */
export async function recordChunk(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
  attempt: string,
  counts: Counts,
  stats: AttemptStats | null = null,
  { before = { state: "open" }, generation }: Begun = {},
): Promise<boolean> {
  const keys = runKeys(run);
  const recorded = await recordScript(
    queue.redis,
    [
      keys.run,
      keys.chunks,
      keys.samples,
      keys.staged(chunk, attempt),
      keys.rejects(chunk),
      ACTIVE_KEY,
      keys.attempts,
      keys.changed,
      keys.series,
    ],
    [
      JSON.stringify({
        run,
        chunk,
        names: COUNT_NAMES,
        counts: COUNT_NAMES.map((name) => counts[name]),
        stats: renderAttemptStats(stats),
        retried: before.state === "retry" ? renderEntry(before) : "",
        generation: generation ?? "",
      }),
    ],
  );
  if (recorded === -1) {
    throw new RehomeError(
      "rejects-expired",
      `chunk ${chunk} took so long that its rejects expired before it was recorded`,
      { hint: "Smaller chunks take less time: see --chunk-size", retryable: true },
    );
  }
  return recorded !== -2;
}

/** Drops what an attempt set aside and did not record. */
export async function dropStaged(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
  attempt: string,
): Promise<void> {
  await queue.redis.unlink(runKeys(run).staged(chunk, attempt));
}

/**
 * A chunk has failed for good; `reason` is core's `reasonOf`. Returns false where that is not so after all: the chunk is
 * done, the run gone, or retried after the attempt of `generation` had begun.
 */
export async function failChunk(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
  reason: string,
  stats: AttemptStats | null = null,
  generation: number | null = null,
): Promise<boolean> {
  const keys = runKeys(run);
  const given = {
    chunk,
    reason,
    stats: renderAttemptStats(stats),
    names: COUNT_NAMES,
    generation: generation ?? "",
  };
  const recorded = await failScript(
    queue.redis,
    [keys.run, keys.chunks, keys.attempts, keys.changed],
    [JSON.stringify(given)],
  );
  return recorded === 1;
}

/**
 * Ends the run if none of its chunks is left to copy, and enqueues its closing chunk once that alone is left: to be called
 * after a chunk is recorded, after one failed for good and when the plan is complete. Returns the phase; null where there
 * is no such run any more.
 */
export async function finalizeRun(queue: QueueConnection, run: RunId): Promise<Phase | null> {
  const keys = runKeys(run);
  const [found, closing] = (await finalizeScript(
    queue.redis,
    [keys.run, ACTIVE_KEY, keys.reopening, keys.chunks],
    [run],
  )) as [Phase | "", number?];
  if (found === "") return null;
  if (closing !== undefined) {
    // Where it is copied anew, its job of before would keep it from that.
    await removeByIds(queue, [jobId(run, "copy", closing)]);
    await enqueueChunks(queue, run, "copy", [closing]);
  }
  if (!isActive(found)) await expireLedger(queue, run);
  return found;
}
