import type { Job } from "bullmq";
import { longestBackoff } from "./chunk-jobs.js";
import type { QueueConnection } from "./connection.js";
import type { Payload } from "./payload.js";
import { loadScript } from "./script.js";
import { serverTime } from "./server-time.js";

const dateScript = loadScript("date-delayed");

/** BullMQ's score of a delayed job is the moment in ms times this, and a counter. */
const SCORE_STEP = 4_096;

/** A chunk is put off for a few seconds, whatever it waits for. */
const LONGEST_PUT_OFF_MS = 10_000;
/** A worker whose clock is right takes a job sooner than that. */
const OVERDUE_MS = 5_000;

/**
 * A job that has just been delayed is due after `delayMs` by the queue's clock, not later. BullMQ goes by the clock of
 * the worker's machine: where that is an hour ahead, no other worker would take the job for an hour.
 */
export async function dateDelayed(
  queue: QueueConnection,
  jobId: string,
  delayMs: number,
): Promise<void> {
  const keys = [queue.jobs.toKey("delayed"), queue.jobs.toKey("marker")];
  await dateScript(queue.redis, keys, [jobId, Math.round(delayMs)]);
}

/**
 * Lets a delayed job be taken at once where its date is a wrong clock's: further ahead than any delay of ours, or past,
 * with nobody to take it but workers whose clocks are behind. The waits between attempts are dated by BullMQ alone.
 */
export async function promoteMisdated(queue: QueueConnection, job: Job<Payload>): Promise<void> {
  const score = await queue.redis.zscore(queue.jobs.toKey("delayed"), job.id ?? "");
  if (score === null) return;
  const left = Math.floor(Number(score) / SCORE_STEP) - (await serverTime(queue.redis));
  const longest = LONGEST_PUT_OFF_MS + longestBackoff(job.attemptsMade);
  if (left >= -OVERDUE_MS && left <= longest) return;
  // Another worker may have taken it meanwhile.
  await job.promote().catch(() => undefined);
}
