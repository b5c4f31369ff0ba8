import {
  type Counts,
  count,
  isActive,
  makeTransform,
  type SourceSession,
  type Transform,
  type Reject,
  zeroCounts,
} from "@rehome/core";
import {
  readChunkState,
  readRange,
  readRun,
  recordChunk,
  type Run,
  settleRun,
  stageRejects,
} from "@rehome/queue";
import type { LoadEntry } from "@rehome/target";
import { admit, checkTarget, paused, refuseStrangers } from "./admission.js";
import type { Context, Task } from "./context.js";
import { RunEnded } from "./interruption.js";

/**
 * Copies one chunk: extract, transform, load, record. Doing it again, or twice at once, leads to the same end.
 * Throws NotNow, RunEnded, or RehomeError.
 */
export async function processChunk(context: Context, task: Task): Promise<Counts | null> {
  const { queue, source, target } = context;
  const run = await readRun(queue, task.run);
  if (!isActive(run.phase)) throw new RunEnded(`the run is ${run.phase}`);
  if ((await readChunkState(queue, run.id, task.chunk)) === "done") {
    await settleRun(queue, run.id);
    return null;
  }
  if (run.phase === "paused") throw paused();
  await refuseStrangers(context, task, run);

  const range = await readRange(queue, run, task.chunk);
  const transform = makeTransform(run.mapping);
  const now = await target.clock();
  const counts = zeroCounts();
  const extraction = source.extract(range, {
    timeZone: run.timeZone,
    maxSessionBytes: run.mapping.maxSessionBytes,
    signal: task.signal,
  });
  for await (const sessions of extraction) {
    await admit(context, task, sessions.length);
    const { entries, rejects } = transformBatch(sessions, transform, now);
    const refused = await loadBatch(context, run, entries, counts);
    for (const reject of [...rejects, ...refused]) {
      count(counts, "rejected");
      task.log.debug({ code: reject.code }, "rejected");
    }
    await stageRejects(queue, run.id, task.chunk, task.attempt, [...rejects, ...refused]);
  }

  await checkTarget(context, task, run);
  task.signal.throwIfAborted();
  await recordChunk(queue, run.id, task.chunk, task.attempt, counts);
  await settleRun(queue, run.id);
  return counts;
}

function transformBatch(sessions: readonly SourceSession[], transform: Transform, now: number) {
  const entries: LoadEntry[] = [];
  const rejects: Reject[] = [];
  for (const session of sessions) {
    const transformed = transform(session, now);
    if (transformed.kind === "rejected") rejects.push(transformed.reject);
    else entries.push(transformed);
  }
  return { entries, rejects };
}

/** Counts what became of each session, and returns those that the target refused. */
async function loadBatch(
  context: Context,
  run: Run,
  entries: readonly LoadEntry[],
  counts: Counts,
): Promise<Reject[]> {
  const results = await context.target.load(entries, run);
  const refused: Reject[] = [];
  for (const [i, entry] of entries.entries()) {
    const result = results[i];
    const id = entry.kind === "write" ? entry.session.id : entry.id;
    switch (result) {
      case "migrated":
      case "kept":
      case "expired":
        count(counts, result);
        break;
      case "incomparable":
        count(counts, "kept");
        counts.incomparable += 1;
        break;
      case "wrong-type":
        refused.push({
          id,
          code: "wrong-type",
          message: "the target holds this key with another type than hash",
        });
        break;
      case undefined:
        throw new Error(`the target gave ${results.length} results for ${entries.length} sessions`);
    }
  }
  return refused;
}
