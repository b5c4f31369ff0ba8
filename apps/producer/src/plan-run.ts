import { setTimeout as sleep } from "node:timers/promises";
import { type ReadingOrder, type RunId, step, stepThrough } from "@rehome/core";
import {
  asPlanner,
  closePlan,
  enqueueChunks,
  type QueueConnection,
  readPlanEnd,
  readRun,
  recordBounds,
  setWaiting,
  finalizeRun,
} from "@rehome/queue";
import type { SessionSource } from "@rehome/source";
import { throughOutages } from "./outage.js";
import { detail, note } from "./output.js";

const LOOK_AGAIN_MS = 500;

export interface PlannedRun {
  readonly id: RunId;
  readonly order: ReadingOrder;
  readonly chunkSize: number;
}

/**
 * Plans a run to its end, however often a server is away. Only one process plans a run: if another one does, this waits
 * for it, and continues where that one stopped.
 */
export async function planRun(
  servers: { sessions: SessionSource; queue: QueueConnection },
  run: PlannedRun,
  signal?: AbortSignal,
): Promise<void> {
  const { queue } = servers;
  const planOnce = () => asPlanner(queue, run.id, () => planChunks(servers, run, signal));
  const say = (reason: string) => setWaiting(queue, run.id, "copy", reason);
  for (let waited = false; ; waited = true) {
    const planned = await throughOutages(planOnce, { signal, onAway: say });
    if (planned !== null) return;
    if (!waited) note(`waiting for another process, which is planning run ${run.id}`);
    await sleep(LOOK_AGAIN_MS, undefined, { signal });
    const { phase, planComplete } = await readRun(queue, run.id);
    if (planComplete || phase !== "planning") return;
  }
}

/**
 * Cuts the reading order into chunks and enqueues them one by one, so that workers start at once. An
 * interrupted plan continues after the last bound recorded: a bound is written once, and rows inserted
 * meanwhile do not shift the others. A bound is recorded before its job is added; an idle worker requeues a job
 * that was lost in between.
 */
async function planChunks(
  { sessions, queue }: { sessions: SessionSource; queue: QueueConnection },
  run: PlannedRun,
  signal?: AbortSignal,
): Promise<void> {
  const end = await step("read-plan-end", () => readPlanEnd(queue, run.id));
  // The plan was closed, but the answer was lost. An idle worker requeues what was not enqueued.
  if (end.complete) {
    await finalizeRun(queue, run.id);
    return;
  }
  let { next, after } = end;
  const plan = sessions.planChunks({ after, chunkSize: run.chunkSize, ...(signal && { signal }) });
  for await (const planned of stepThrough("plan-bounds", plan)) {
    await step("record-bounds", () => recordBounds(queue, run.id, next, planned));
    const chunks = planned.map((_, i) => next + i);
    await step("enqueue", () => enqueueChunks(queue, run.id, "copy", chunks));
    next += planned.length;
    detail(`planned ${next} chunks`);
    after = planned.at(-1)?.upTo ?? after;
  }
  const size = await step("count-rest", () => sessions.count({ after, upTo: null }));
  const exists = next > 0 || size > 0;
  // A run that was cancelled meanwhile gets no more jobs.
  const closed = await step("close-plan", () => closePlan(queue, run.id, { exists, size }));
  // A closing chunk is enqueued once it alone is left.
  if (closed && exists && run.order.kind === "id")
    await step("enqueue", () => enqueueChunks(queue, run.id, "copy", [next]));
  await step("finalize", () => finalizeRun(queue, run.id));
}
