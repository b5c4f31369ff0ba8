import { setTimeout as sleep } from "node:timers/promises";
import { dateDelayed, type Payload, type QueueConnection, readQueueTime } from "@rehome/queue";
import type { Job } from "bullmq";

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
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  await job.moveToDelayed(Date.now() + delayMs, token);
  await dateDelayed(queue, job.id ?? "", delayMs);
  const ahead = Date.now() - (await readQueueTime(queue));
  const restMs = Math.min(ahead, delayMs);
  if (restMs > TOLERANCE_MS) await sleep(restMs, undefined, { signal }).catch(() => undefined);
}
