import type { FailureReason } from "@rehome/core";

/** BullMQ's own words for a job whose workers died one after the other; every other reason is the worker's code. */
const STALLED = "job stalled more than allowable limit";
const WORKER_DIED: FailureReason = "worker-died";

/** Why a job failed, as core's `showReason` takes it. */
export function reasonOfJob(failedReason: string): string {
  return failedReason === STALLED ? WORKER_DIED : failedReason;
}
