import type { RunId } from "@rehome/core";
import type { BulkJobOptions } from "bullmq";
import type { QueueConnection } from "./connection.js";
import { jobId, type JobKind } from "./payload.js";

/** Larger pipelines are not faster. */
const BULK_SIZE = 1_000;

/** About eight minutes from the first failure to the last attempt, longer than a server takes to restart. */
const ATTEMPTS = 10;
const FIRST_BACKOFF_MS = 1_000;
const OPTIONS: BulkJobOptions = {
  attempts: ATTEMPTS,
  backoff: { type: "exponential", delay: FIRST_BACKOFF_MS, jitter: 0.5 },
  stackTraceLimit: 3,
};

/** How long a job waits at most for the attempt after so many. */
export function longestBackoff(attemptsMade: number): number {
  return FIRST_BACKOFF_MS * 2 ** attemptsMade;
}

/** Finished copy jobs are kept only to be looked at: the ledger is the truth. */
const KEEP: Record<JobKind, BulkJobOptions> = {
  copy: { removeOnComplete: { count: 1_000 } },
  verify: { removeOnComplete: true },
};

/** Adds one job a chunk. Repeating it does no harm: a job that exists is not added again. */
export async function enqueueChunks(
  queue: QueueConnection,
  run: RunId,
  kind: JobKind,
  chunks: readonly number[],
): Promise<void> {
  for (let i = 0; i < chunks.length; i += BULK_SIZE) {
    const jobs = chunks.slice(i, i + BULK_SIZE).map((chunk) => ({
      name: kind,
      data: { run, chunk },
      opts: { ...OPTIONS, ...KEEP[kind], jobId: jobId(run, kind, chunk) },
    }));
    await queue.jobs.addBulk(jobs);
  }
}

/** The chunks of a run that a worker holds right now. */
export async function activeChunks(
  queue: QueueConnection,
  run: RunId,
  kind: JobKind,
): Promise<number[]> {
  const ids = await queue.jobs.getRanges(["active"], 0, -1);
  const prefix = jobId(run, kind, 0).slice(0, -1);
  return ids.filter((id) => id.startsWith(prefix)).map((id) => Number(id.slice(prefix.length)));
}
