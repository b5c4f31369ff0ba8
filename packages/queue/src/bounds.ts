import { type Bound, type Range, rejectLimit, RehomeError, type RunId } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import { readRun } from "./run-record.js";
import { loadScript } from "./script.js";

const recordScript = loadScript("record-bounds");
const closeScript = loadScript("close-plan");

/** Where a chunk ends, and how many sessions are taken to be in it. */
export interface PlannedChunk {
  readonly upTo: Bound;
  readonly sessions: number;
}

/**
 * Writes the upper bounds of the chunks from number `first` on; writing them again does no harm. Throws
 * RehomeError `other-planner` when one is there already and differs.
 */
export async function recordBounds(
  queue: QueueConnection,
  run: RunId,
  first: number,
  chunks: readonly PlannedChunk[],
): Promise<void> {
  const keys = runKeys(run);
  const differs = await recordScript(
    queue.redis,
    [keys.run, keys.bounds],
    [first, ...chunks.flatMap(({ upTo, sessions }) => [upTo, sessions])],
  );
  if (differs === -2) {
    const { phase, planComplete } = await readRun(queue, run);
    throw new RehomeError(
      "run-ended",
      planComplete
        ? `run ${run} has been planned completely by another process`
        : `run ${run} is ${phase} and is not to be planned any more`,
      { hint: `See where it stands with: rehome status ${run}` },
    );
  }
  if (differs !== -1) {
    throw new RehomeError(
      "other-planner",
      `run ${run}: chunk ${String(differs)} was planned by someone else`,
      {
        hint: `Another rehome process plans this run: watch it with: rehome status ${run} --watch`,
      },
    );
  }
}

/**
 * Where a plan stands: whether it is complete, else the number of the next chunk and the bound it begins after.
 */
export async function readPlanEnd(
  queue: QueueConnection,
  run: RunId,
): Promise<{ complete: boolean; next: number; after: Bound | null }> {
  const { bounds } = runKeys(run);
  const { planComplete: complete } = await readRun(queue, run);
  const next = await queue.redis.hlen(bounds);
  if (next === 0) return { complete, next, after: null };
  const after = await queue.redis.hget(bounds, String(next - 1));
  return { complete, next, after: after as Bound };
}

/**
 * Marks the plan as complete. The last chunk has no upper bound; an empty table has no chunk. False, and nothing
 * done, if it is complete already or the run has ended.
 */
export async function closePlan(
  queue: QueueConnection,
  run: RunId,
  last: { readonly exists: boolean; readonly size: number },
): Promise<boolean> {
  const { run: record } = runKeys(run);
  const planned = Number(await queue.redis.hget(record, "planned"));
  const closed = await closeScript(
    queue.redis,
    [record],
    [last.exists ? 1 : 0, last.size, rejectLimit(planned + last.size)],
  );
  return closed === 1;
}

/** The range of a chunk. Throws RehomeError `unknown-chunk` when the plan does not have it. */
export async function readRange(
  queue: QueueConnection,
  run: { readonly id: RunId; readonly total: number },
  chunk: number,
): Promise<Range> {
  const { bounds } = runKeys(run.id);
  const [after = null, upTo = null] = await queue.redis.hmget(
    bounds,
    String(chunk - 1),
    String(chunk),
  );
  const isLast = upTo === null && chunk === run.total - 1;
  if ((chunk > 0 && after === null) || (upTo === null && !isLast)) {
    throw new RehomeError("unknown-chunk", `run ${run.id} has no chunk ${chunk}`);
  }
  return { after: after as Bound | null, upTo: upTo as Bound | null };
}
