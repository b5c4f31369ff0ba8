import { randomUUID } from "node:crypto";
import {
  COUNT_NAMES,
  isActive,
  type Phase,
  phasesBefore,
  RehomeError,
  type RunId,
} from "@rehome/core";
import { enqueueChunks } from "./chunk-jobs.js";
import { settleRun } from "./chunk-record.js";
import type { QueueConnection } from "./connection.js";
import { ACTIVE_KEY, runKeys } from "./keys.js";
import { whileRenewing } from "./lease.js";
import { deleteLedger, expireLedger, keepLedger } from "./ledger-lifetime.js";
import { jobId } from "./payload.js";
import { removeByIds, removeJobs } from "./remove-jobs.js";
import {
  chunksWhere,
  readPaused,
  readRun,
  refuseWhileActive,
  rethrow,
  type Run,
  runActive,
} from "./run-record.js";
import { loadScript } from "./script.js";

const changeScript = loadScript("change-phase");
const reopenRunScript = loadScript("reopen-run");
const reopenChunksScript = loadScript("reopen-chunks");

/** Longer than any batch takes that the target takes part in. */
const PATIENCE_MS = 30_000;
const PAGE = 1_000;

/** So long whoever reopens chunks may be silent before it is taken for dead, and the run may end again. */
const REOPENING_MS = 10_000;

/** No new batch starts on any worker. Jobs stay where they are. Throws RehomeError `wrong-phase`. */
export async function pauseRun(queue: QueueConnection, run: RunId): Promise<void> {
  await changePhase(queue, run, "paused");
  await alignQueue(queue);
}

/**
 * A paused run goes on. One whose plan is not whole must be planned further. Throws RehomeError
 * `wrong-phase`.
 */
export async function resumeRun(queue: QueueConnection, run: RunId): Promise<void> {
  const { phase, planWhole } = await readRun(queue, run);
  // An interrupted plan leaves its run in the phase it was in.
  if (phase !== "planning" || planWhole) {
    await changePhase(queue, run, planWhole ? "running" : "planning", {
      from: ["paused", "running"],
    });
  }
  await alignQueue(queue);
  await settleRun(queue, run);
}

/**
 * Ends a run; what was written stays. Returns how many jobs a worker still held on to. Throws RehomeError
 * `wrong-phase`.
 */
export async function cancelRun(queue: QueueConnection, run: RunId): Promise<number> {
  await changePhase(queue, run, "cancelled");
  await alignQueue(queue);
  await expireLedger(queue, run);
  return await removeJobs(queue, run, PATIENCE_MS);
}

/** What of a run is tried again. */
export type RetryScope = "failed" | "rejects" | "everything";

/**
 * Takes a run that has ended back to work: its failed chunks whole, and of the others exactly the sessions that
 * were rejected, or one of the two. Returns how many chunks that concerns, those included that a stopped run never
 * came to. Throws RehomeError `wrong-phase` or `run-active`.
 */
export async function retryRun(
  queue: QueueConnection,
  run: RunId,
  scope: RetryScope = "everything",
): Promise<number> {
  const record = await readRun(queue, run);
  const { phase } = record;
  if (phase !== "completed" && phase !== "failed") throw wrongPhase(run, phase, "be retried");
  await refuseWhileActive(queue);
  if (!(await hasMore(queue, record, scope))) return 0;
  // Refused, it has changed nothing; killed after it, it leaves a run that ends once more when the lease is over.
  const lease = await reopenRun(queue, run);
  const { reopening } = runKeys(run);
  return await whileRenewing(
    () => queue.redis.pexpire(reopening, REOPENING_MS),
    async () => {
      await keepLedger(queue, run);
      await reopenChunks(queue, run, lease, await chunksToReopen(queue, run, scope));
      const open = await openChunks(queue, await readRun(queue, run));
      await removeByIds(
        queue,
        open.map((chunk) => jobId(run, "copy", chunk)),
      );
      await enqueueChunks(queue, run, "copy", open);
      await queue.redis.del(reopening).catch(rethrow);
      await settleRun(queue, run);
      return open.length;
    },
  );
}

/** Deletes the ledger of a run that has ended, and its jobs. Throws RehomeError `wrong-phase`. */
export async function forgetRun(queue: QueueConnection, run: RunId): Promise<void> {
  const { phase } = await readRun(queue, run);
  if (isActive(phase))
    throw wrongPhase(run, phase, "be forgotten", `End it first with: rehome cancel ${run}`);
  // From here on nobody can retry it.
  await changePhase(queue, run, "cancelled", { from: ["completed", "failed", "cancelled"] });
  await removeJobs(queue, run, PATIENCE_MS);
  await deleteLedger(queue, run);
}

/** The run cannot go on, and says why. One that has ended already stays as it is. */
export async function stopRun(queue: QueueConnection, run: RunId, notice: string): Promise<void> {
  await changePhase(queue, run, "failed", { notice }).catch((error: unknown) => {
    if (!(error instanceof RehomeError && error.code === "wrong-phase")) throw error;
  });
  await expireLedger(queue, run);
}

/**
 * Workers take no jobs while the run that has the floor is paused. Phase and queue are changed one after the
 * other: whoever finds that they disagree calls this.
 */
export async function alignQueue(queue: QueueConnection): Promise<void> {
  const paused = await readPaused(queue);
  const [wanted, found] = [paused !== null, await queue.jobs.isPaused().catch(rethrow)];
  if (wanted === found) return;
  await (wanted ? queue.jobs.pause() : queue.jobs.resume()).catch(rethrow);
}

/**
 * Enters a phase, if the run is in one from which that is legal. Throws RehomeError `wrong-phase` otherwise.
 */
async function changePhase(
  queue: QueueConnection,
  run: RunId,
  to: Phase,
  options: { readonly from?: readonly Phase[]; readonly notice?: string } = {},
): Promise<void> {
  const from = options.from ?? phasesBefore(to);
  const found = await changeScript(
    queue.redis,
    [runKeys(run).run, ACTIVE_KEY],
    [run, to, options.notice ?? "", isActive(to) ? 0 : 1, randomUUID(), ...from],
  );
  if (found !== null) throw wrongPhase(run, found as string, `become ${to}`);
}

/** Whether there is anything to try, or a run that failed to settle: a worker recorded its last chunk afterwards. */
async function hasMore(queue: QueueConnection, run: Run, scope: RetryScope): Promise<boolean> {
  if (!run.planWhole || (await chunksToReopen(queue, run.id, scope)).length > 0) return true;
  if ((await openChunks(queue, run)).length > 0) return true;
  const failed = await chunksWhere(queue, run.id, ({ state }) => state === "failed");
  return run.phase === "failed" && failed.length === 0;
}

/**
 * Takes the floor; returns who holds the lease. Throws RehomeError `wrong-phase` or `run-active`, and has changed
 * nothing then.
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

/** Every chunk that has not ended, those included that a stopped run never came to. */
async function openChunks(queue: QueueConnection, run: Run): Promise<number[]> {
  const ended = new Set(
    await chunksWhere(queue, run.id, ({ state }) => state === "done" || state === "failed"),
  );
  return Array.from({ length: run.total }, (_, chunk) => chunk).filter(
    (chunk) => !ended.has(chunk),
  );
}

function wrongPhase(run: RunId, phase: string, what: string, hint?: string): RehomeError {
  return new RehomeError("wrong-phase", `run ${run} is ${phase} and cannot ${what}`, {
    hint: hint ?? `See where it stands with: rehome status ${run}`,
  });
}
