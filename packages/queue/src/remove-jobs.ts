import { setTimeout as sleep } from "node:timers/promises";
import type { RunId } from "@rehome/core";
import type { JobType } from "bullmq";
import type { QueueConnection } from "./connection.js";

const PAGE = 1_000;
const IDLE_STATES: JobType[] = ["waiting", "delayed", "prioritized", "failed", "completed"];
const POLL_MS = 100;

/**
 * Removes every job of a run. One that a worker holds is removed once the worker has let go of it, which it
 * does within a batch when the run has ended; returns how many were still held after `patienceMs`.
 */
export async function removeJobs(
  queue: QueueConnection,
  run: RunId,
  patienceMs: number,
): Promise<number> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    await removeIdle(queue, run);
    const held = await jobsIn(queue, run, "active");
    if (held.length === 0 || Date.now() > deadline) return held.length;
    await sleep(POLL_MS);
  }
}

/** Removes these jobs unless a worker holds them, so that they can be added again. */
export async function removeByIds(queue: QueueConnection, ids: readonly string[]): Promise<void> {
  for (let i = 0; i < ids.length; i += PAGE) {
    await Promise.all(ids.slice(i, i + PAGE).map((id) => queue.jobs.remove(id)));
  }
}

async function removeIdle(queue: QueueConnection, run: RunId): Promise<void> {
  for (const state of IDLE_STATES) await removeByIds(queue, await jobsIn(queue, run, state));
}

async function jobsIn(queue: QueueConnection, run: RunId, state: JobType): Promise<string[]> {
  const ids = await queue.jobs.getRanges([state], 0, -1);
  return ids.filter((id) => id.startsWith(`${run}-`));
}
