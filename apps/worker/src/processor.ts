import {
  isOfTheLogin,
  messageWithHint,
  reasonOf,
  RehomeError,
  safeMessage,
  showReason,
} from "@rehome/core";
import {
  dropStaged,
  failChunk,
  failVerified,
  parseJob,
  type Payload,
  readVerification,
  finalizeRun,
  setWaiting,
  stopRun,
} from "@rehome/queue";
import { DelayedError, type Job, type Processor, UnrecoverableError, WaitingError } from "bullmq";
import type { Context, Task, WorkerParts } from "./context.js";
import { leaveToAllowed, leaveToOthers, waitForServer } from "./admission.js";
import { delayJob } from "./delay-job.js";
import { RetryLater, RunEnded } from "./interruption.js";
import { processChunk } from "./process-chunk.js";
import { verifyChunk } from "./verify-chunk.js";

/**
 * What BullMQ calls with each job. It decides what becomes of the job: done, delayed, tried again, or failed for good.
 */
export function makeProcessor(parts: WorkerParts): Processor<Payload> {
  const context: Context = { ...parts, markersSeen: new Set(), rightsTried: new Set() };
  return async (job, token = "", signal = new AbortController().signal) => {
    const { kind, run, chunk } = parse(job);
    const attempt = `${token}-${job.attemptsStarted}`;
    const log = context.log.child({ run, kind, chunk, attempt: job.attemptsStarted });
    const started = performance.now();
    const elapsed = () => Math.round(performance.now() - started);
    const attemptStats = () => ({ attempts: job.attemptsMade + 1, ms: elapsed() });
    const task: Task = { kind, run, chunk, attempt, generation: null, attemptStats, signal, log };
    try {
      const counts =
        kind === "copy" ? await processChunk(context, task) : await verifyChunk(context, task);
      log.info({ counts, ms: elapsed() }, "chunk done");
      return counts;
    } catch (error) {
      // What stays behind expires by itself.
      if (kind === "copy")
        await dropStaged(context.queue, run, chunk, attempt).catch(() => undefined);
      return await endAttempt(context, job, token, task, error);
    }
  };
}

function parse(job: Job<Payload>) {
  try {
    return parseJob(job);
  } catch (error) {
    throw new UnrecoverableError(reasonOf(error));
  }
}

/** The one place that decides what a failure means for the job. */
async function endAttempt(
  context: Context,
  job: Job<Payload>,
  token: string,
  task: Task,
  error: unknown,
): Promise<unknown> {
  if (error instanceof RunEnded || isForgotten(error)) {
    task.log.info({ reason: safeMessage(error) }, "chunk left alone");
    return null;
  }
  if (error instanceof RetryLater) return await putOff(context, job, token, task, error);
  if (task.signal.aborted) {
    // The worker is stopping: another takes over at once. If it lost the lock instead, BullMQ refuses this.
    task.log.info("chunk given back");
    await job.moveToWait(token);
    throw new WaitingError("given back");
  }
  if (error instanceof RehomeError && isUnfit(error))
    return await putOff(context, job, token, task, await leaveToOthers(context, task, error));
  if (error instanceof RehomeError && error.unavailable) {
    return await putOff(context, job, token, task, await waitForServer(context, task, error));
  }
  if (error instanceof RehomeError && isOfTheLogin(error.meaning))
    return await putOff(context, job, token, task, await leaveToAllowed(context, task, error));
  if (error instanceof RehomeError && error.code === "source-rewritten" && task.kind === "copy") {
    task.log.error({ err: error }, "run stopped");
    await stopRun(context.queue, task.run, `stopped: ${messageWithHint(error)}`);
    return null;
  }
  const reason = reasonOf(error);
  const retryable = !(error instanceof RehomeError) || error.retryable;
  const last = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
  if (retryable && !last) {
    task.log.warn({ err: error }, "chunk will be tried again");
    await sayRetry(context, task, reason);
    throw new Error(reason);
  }
  task.log.error({ err: error }, "chunk failed");
  if (!(await recordFailure(context, task, reason))) {
    const later = new RetryLater("another attempt has overtaken this one", 0);
    return await putOff(context, job, token, task, later);
  }
  throw new UnrecoverableError(reason);
}

/** Until a chunk is recorded, the run's notice or `rehome verify` says what holds it up. */
async function sayRetry({ queue }: Context, { run, kind, chunk }: Task, reason: string) {
  const text = `trying chunk ${chunk} again: ${showReason(reason)}`;
  await setWaiting(queue, run, kind, text).catch(() => undefined);
}

async function putOff(
  { queue }: Context,
  job: Job<Payload>,
  token: string,
  { signal }: Task,
  later: RetryLater,
): Promise<never> {
  await delayJob(queue, job, token, later, signal);
  throw new DelayedError(later.message);
}

/** What keeps this worker from a run, and maybe no other: its version, or what its user of the source may see. */
function isUnfit({ code, meaning }: RehomeError): boolean {
  return code === "other-version" || meaning === "rows-hidden";
}

/** The run was forgotten, or the queue Redis lost it with all its data. */
function isForgotten(error: unknown): boolean {
  return error instanceof RehomeError && error.code === "unknown-run";
}

/** False where it is not so after all: a failed job of a chunk that others have recorded would speak against them. */
async function recordFailure(context: Context, task: Task, reason: string): Promise<boolean> {
  const { queue } = context;
  const { run, chunk } = task;
  if (task.kind === "copy") {
    const stats = task.attemptStats();
    const recorded = await failChunk(queue, run, chunk, reason, stats, task.generation);
    await finalizeRun(queue, run);
    return recorded;
  }
  const verification = await readVerification(queue, run);
  if (verification !== null) await failVerified(queue, run, verification.id, chunk, reason);
  return true;
}
