import { COPYING_PHASES, type Phase, type RunId } from "@rehome/core";
import type { Job } from "bullmq";
import { failChunk, finalizeRun } from "./chunk-record.js";
import { enqueueChunks } from "./chunk-jobs.js";
import { alignQueue } from "./change-run.js";
import { type ChunkState, parseEntry } from "./chunk-state.js";
import type { QueueConnection } from "./connection.js";
import { reasonOfJob } from "./failed-job.js";
import { runKeys } from "./keys.js";
import { promoteMisdated } from "./delayed-job.js";
import { expireLedger, keepLedger } from "./ledger-lifetime.js";
import { jobId, type JobKind, parseJob, type Payload } from "./payload.js";
import { readActive } from "./run-record.js";
import { readVerification, failVerified } from "./verification-record.js";

/** Chunks looked at in one go: an idle worker comes back for more. */
const PAGE = 1_000;

/**
 * Requeues the chunks of the active run, and of the verifications of these runs, newest first, that the ledger
 * misses and no job holds: a lost `addBulk`, a queue restored from an older state, a job that stalled out.
 * A job that a wrong clock has delayed is promoted. Meant for a worker that finds itself idle. Returns how many were requeued.
 */
export async function requeueLost(queue: QueueConnection, runs: readonly RunId[]): Promise<number> {
  await alignQueue(queue);
  const active = await readActive(queue);
  const [newest] = runs;
  if (active === null && newest !== undefined) await finalizeRun(queue, newest);
  let lost = active === null ? 0 : await requeueCopies(queue, active);
  for (const run of runs) {
    // The process that ended the run may have died before it did this.
    if (run !== active) await expireLedger(queue, run);
    lost += await requeueVerifications(queue, run);
  }
  return lost;
}

async function requeueCopies(queue: QueueConnection, run: RunId): Promise<number> {
  await keepLedger(queue, run);
  const keys = runKeys(run);
  const [total, done, failed, phase, order] = await queue.redis.hmget(
    keys.run,
    "total",
    "done",
    "failed",
    "phase",
    "order",
  );
  if (!COPYING_PHASES.includes(phase as Phase)) return 0;
  // While a retry still reopens chunks, their failed jobs are those of before.
  if ((await queue.redis.exists(keys.reopening)) === 1) return 0;
  const left = Number(total) - Number(done) - Number(failed);
  if (left <= 0) {
    await finalizeRun(queue, run);
    return 0;
  }
  // The closing chunk begins once it alone is left.
  const waits = order === "physical" && left > 1 ? 1 : 0;
  const all = Array.from({ length: Number(total) - waits }, (_, chunk) => chunk);
  const open = await openChunks(queue, keys.chunks, all);
  return requeue(queue, run, "copy", open, async (chunk, reason) => {
    await failChunk(queue, run, chunk, reason);
    await finalizeRun(queue, run);
  });
}

async function requeueVerifications(queue: QueueConnection, run: RunId): Promise<number> {
  const verification = await readVerification(queue, run);
  if (verification === null || verification.done + verification.failed >= verification.total)
    return 0;
  const keys = runKeys(run);
  const planned = (await queue.redis.hkeys(keys.verificationPlan)).map(Number);
  const open = await openChunks(queue, keys.verificationChunks, planned);
  return requeue(queue, run, "verify", open, (chunk, reason) =>
    failVerified(queue, run, verification.id, chunk, reason),
  );
}

/** The first page of chunks that are still to be processed. */
async function openChunks(
  queue: QueueConnection,
  key: string,
  chunks: readonly number[],
): Promise<number[]> {
  const open: number[] = [];
  for (let i = 0; i < chunks.length && open.length < PAGE; i += PAGE) {
    const page = chunks.slice(i, i + PAGE);
    const entries = await queue.redis.hmget(key, ...page.map(String));
    open.push(...page.filter((_, at) => isOpen(parseEntry(entries[at] ?? null))));
  }
  return open.slice(0, PAGE);
}

function isOurs(job: Job<Payload>): boolean {
  try {
    parseJob(job);
    return true;
  } catch {
    return false;
  }
}

function isOpen({ state }: ChunkState): boolean {
  return state === "open" || state === "retry";
}

async function requeue(
  queue: QueueConnection,
  run: RunId,
  kind: JobKind,
  chunks: readonly number[],
  fail: (chunk: number, reason: string) => Promise<void>,
): Promise<number> {
  const lost: number[] = [];
  for (const chunk of chunks) {
    const id = jobId(run, kind, chunk);
    const job = await queue.jobs.getJob(id);
    if (job === undefined) {
      lost.push(chunk);
      continue;
    }
    // A chunk whose workers died too often was failed by BullMQ, and no worker could record it.
    const state = await queue.jobs.getJobState(id);
    if (state === "failed" && isOurs(job)) await fail(chunk, reasonOfJob(job.failedReason));
    // A job that someone has altered says nothing about its chunk, and a job that is in no list is never taken.
    else if (state === "delayed") await promoteMisdated(queue, job);
    else if (state === "failed" || state === "completed" || state === "unknown") {
      await queue.jobs.remove(id);
      lost.push(chunk);
    }
  }
  await enqueueChunks(queue, run, kind, lost);
  return lost.length;
}
