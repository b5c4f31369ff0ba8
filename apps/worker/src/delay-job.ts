import { setTimeout as sleep } from "node:timers/promises";
import { dateDelayed, type Payload, type QueueConnection, readQueueTime } from "@rehome/queue";
import type { Job } from "bullmq";
import type { RetryLater } from "./interruption.js";

/** Two clocks are never quite the same, and asking takes time. */
const TOLERANCE_MS = 250;

/**
 * Delays a job that this worker holds, by the queue's clock. To a worker whose own clock is ahead the job would be due
 * at once: it waits for as long itself, so that others can take it.
 */
export async function delayJob(
  queue: QueueConnection,
  job: Job<Payload>,
  token: string,
  { delayMs, restMs }: RetryLater,
  signal: AbortSignal,
): Promise<void> {
  await job.moveToDelayed(Date.now() + delayMs, token);
  await dateDelayed(queue, job.id ?? "", delayMs);
  const ahead = Date.now() - (await readQueueTime(queue));
  const rest = Math.max(restMs, ahead > TOLERANCE_MS ? Math.min(ahead, delayMs) : 0);
  if (rest > 0) await sleep(rest, undefined, { signal }).catch(() => undefined);
}
