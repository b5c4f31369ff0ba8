import type { RunId } from "@rehome/core";
import {
  closePlan,
  enqueueChunks,
  type QueueConnection,
  readPlanEnd,
  recordBounds,
  settleRun,
} from "@rehome/queue";
import type { Source } from "@rehome/source";
import { detail } from "./output.js";

/**
 * Cuts the session-id order into chunks and enqueues them while it goes, so that workers start at once. An
 * interrupted plan goes on after the last bound recorded: a bound is written once, and rows inserted
 * meanwhile do not shift the others. A bound is recorded before its job is added; a job lost in between is
 * put back by an idle worker.
 */
export async function planRun(
  { source, queue }: { source: Source; queue: QueueConnection },
  run: { readonly id: RunId; readonly chunkSize: number },
  signal?: AbortSignal,
): Promise<void> {
  let { next, after } = await readPlanEnd(queue, run.id);
  const plan = source.planBounds({ after, chunkSize: run.chunkSize, ...(signal && { signal }) });
  for await (const bounds of plan) {
    await recordBounds(queue, run.id, next, run.chunkSize, bounds);
    await enqueueChunks(
      queue,
      run.id,
      "copy",
      bounds.map((_, i) => next + i),
    );
    next += bounds.length;
    detail(`planned ${next} chunks`);
    after = bounds.at(-1) ?? after;
  }
  const size = await source.count({ after, upTo: null });
  const exists = next > 0 || size > 0;
  // A run that was cancelled meanwhile gets no job any more.
  const closed = await closePlan(queue, run.id, { exists, size });
  if (closed && exists) await enqueueChunks(queue, run.id, "copy", [next]);
  await settleRun(queue, run.id);
}
