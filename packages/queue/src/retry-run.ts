import { randomUUID } from "node:crypto";
import { closingChunk, COUNT_NAMES, RehomeError, RETRYABLE_PHASES, type RunId } from "@rehome/core";
import { enqueueChunks } from "./chunk-jobs.js";
import { finalizeRun, readChunkState } from "./chunk-record.js";
import type { QueueConnection } from "./connection.js";
import { ACTIVE_KEY, runKeys } from "./keys.js";
import { whileRenewing } from "./lease.js";
import { keepLedger } from "./ledger-lifetime.js";
import { jobId } from "./payload.js";
import { removeByIds } from "./remove-jobs.js";
import {
  chunksWhere,
  readRun,
  refuseWhileActive,
  type Run,
  runActive,
  wrongPhase,
} from "./run-record.js";
import { loadScript } from "./script.js";

const reopenRunScript = loadScript("reopen-run");
const reopenChunksScript = loadScript("reopen-chunks");

const PAGE = 1_000;

/** A process that reopens chunks and has not renewed its lease for this long is taken for dead: the run may end again. */
const REOPENING_MS = 10_000;

/** Which part of a run is tried again. */
export type RetryScope = "failed" | "rejects" | "everything";

/**
 * Takes a run that has ended back to work: its failed chunks as a whole, the rejected sessions of the others, or one of
 * the two. Returns how many chunks will be processed, including those that a stopped run never reached. Throws RehomeError `wrong-phase` or `run-active`.
 */
export async function retryRun(
  queue: QueueConnection,
  run: RunId,
  scope: RetryScope = "everything",
): Promise<number> {
  const record = await readRun(queue, run);
  const { phase } = record;
  if (!RETRYABLE_PHASES.includes(phase)) throw wrongPhase(run, phase, "be retried");
  await refuseWhileActive(queue);
  if (!(await hasMore(queue, record, scope))) return 0;
  // A refusal changes nothing. After it, a process that is killed leaves a run that ends again once the lease is over.
  const lease = await reopenRun(queue, run);
  const { reopening } = runKeys(run);
  return await whileRenewing(
    () => queue.redis.pexpire(reopening, REOPENING_MS),
    async () => {
      await keepLedger(queue, run);
      await reopenChunks(queue, run, lease, await chunksToReopen(queue, run, scope));
      const open = await openChunks(queue, await readRun(queue, run));
      const closing = closingChunk(record);
      await removeByIds(
        queue,
        open.map((chunk) => jobId(run, "copy", chunk)),
      );
      await enqueueChunks(queue, run, "copy", await mayBegin(queue, run, open, closing));
      await queue.redis.del(reopening);
      await finalizeRun(queue, run);
      return open.length;
    },
  );
}

/** A closing chunk that was never copied is enqueued once the others have ended: see finalize.lua. */
async function mayBegin(
  queue: QueueConnection,
  run: RunId,
  open: readonly number[],
  closing: number | null,
): Promise<readonly number[]> {
  if (closing === null || (await readChunkState(queue, run, closing)).state !== "open") return open;
  return open.filter((chunk) => chunk !== closing);
}

/** Whether there is anything to try, or a run that ended as failed: a worker recorded its last chunk afterwards. */
async function hasMore(queue: QueueConnection, run: Run, scope: RetryScope): Promise<boolean> {
  if (!run.planComplete || (await chunksToReopen(queue, run.id, scope)).length > 0) return true;
  if ((await openChunks(queue, run)).length > 0) return true;
  const failed = await chunksWhere(queue, run.id, ({ state }) => state === "failed");
  return run.phase === "failed" && failed.length === 0;
}

/**
 * Makes the run the active one; returns who holds the lease. Throws RehomeError `wrong-phase` or `run-active`, and has
 * changed nothing then.
 */
async function reopenRun(queue: QueueConnection, run: RunId): Promise<string> {
  const keys = runKeys(run);
  const lease = randomUUID();
  const refused = (await reopenRunScript(
    queue.redis,
    [keys.run, ACTIVE_KEY, keys.reopening],
    [run, lease, REOPENING_MS],
  )) as ["active" | "phase", string] | null;
  if (refused?.[0] === "active") throw runActive(refused[1]);
  if (refused?.[0] === "phase") throw wrongPhase(run, refused[1], "be retried");
  return lease;
}

async function chunksToReopen(
  queue: QueueConnection,
  run: RunId,
  scope: RetryScope,
): Promise<number[]> {
  return await chunksWhere(queue, run, (entry) => {
    if (entry.state === "failed") return scope !== "rejects";
    if (entry.state === "retry") return true;
    return scope !== "failed" && "counts" in entry && entry.counts.rejected > 0;
  });
}

/** Throws RehomeError `wrong-phase` when the lease is over. */
async function reopenChunks(
  queue: QueueConnection,
  run: RunId,
  lease: string,
  chunks: readonly number[],
): Promise<void> {
  const keys = runKeys(run);
  for (let i = 0; i < chunks.length; i += PAGE) {
    const reopened = await reopenChunksScript(
      queue.redis,
      [keys.run, keys.chunks, keys.changed, keys.reopening],
      [lease, COUNT_NAMES.indexOf("rejected") + 1, ...chunks.slice(i, i + PAGE)],
    );
    if (reopened === -1) {
      throw new RehomeError("wrong-phase", `run ${run} ended again before it was reopened`, {
        hint: `The queue was out of reach for too long: rehome retry ${run}`,
      });
    }
  }
}

/** Every chunk that has not ended, including those that a stopped run never reached. */
async function openChunks(queue: QueueConnection, run: Run): Promise<number[]> {
  const ended = new Set(
    await chunksWhere(queue, run.id, ({ state }) => state === "done" || state === "failed"),
  );
  return Array.from({ length: run.total }, (_, chunk) => chunk).filter(
    (chunk) => !ended.has(chunk),
  );
}
