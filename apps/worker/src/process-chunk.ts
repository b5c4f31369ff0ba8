import {
  type Counts,
  count,
  makeTransform,
  type SessionId,
  type SourceSession,
  type Transform,
  type Reject,
  zeroCounts,
} from "@rehome/core";
import {
  type ChunkState,
  readChunkState,
  readRange,
  readRejectedIds,
  readRun,
  recordChunk,
  type Run,
  settleRun,
  stageRejects,
} from "@rehome/queue";
import type { ReadOptions, Source } from "@rehome/source";
import type { LoadEntry } from "@rehome/target";
import { admit, admitPhase, checkTarget, refuseStrangers } from "./admission.js";
import type { Context, Task } from "./context.js";

/**
 * Copies one chunk: extract, transform, load, record. Doing it again, or twice at once, leads to the same end.
 * Throws NotNow, RunEnded, or RehomeError.
 */
export async function processChunk(context: Context, task: Task): Promise<Counts | null> {
  const { queue, target } = context;
  const run = await readRun(queue, task.run);
  admitPhase(run.phase);
  const before = await readChunkState(queue, run.id, task.chunk);
  if (before.state === "done") {
    await settleRun(queue, run.id);
    return null;
  }
  await refuseStrangers(context, task, run);

  const { counts, batches } = await chooseSessions(context, task, run, before);
  const transform = makeTransform(run.mapping);
  const now = await target.clock();
  for await (const sessions of batches) {
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

/** All sessions of the range; or, of a chunk to be retried, those it rejected, counted among what it had. */
async function chooseSessions(
  { queue, source }: Context,
  task: Task,
  run: Run,
  before: ChunkState,
): Promise<{ counts: Counts; batches: AsyncIterable<SourceSession[]> }> {
  const options: ReadOptions = {
    timeZone: run.timeZone,
    maxSessionBytes: run.mapping.maxSessionBytes,
    signal: task.signal,
  };
  if (before.state === "retry") {
    const { read, rejected, ...others } = before.counts;
    const counts = { ...others, read: read - rejected, rejected: 0 };
    return {
      counts,
      batches: readRejects(readRejectedIds(queue, run.id, task.chunk), source, options),
    };
  }
  const range = await readRange(queue, run, task.chunk);
  return { counts: zeroCounts(), batches: source.extract(range, options) };
}

/** One that is gone from the source meanwhile is rejected no more. */
async function* readRejects(
  pages: AsyncIterable<SessionId[]>,
  source: Source,
  options: ReadOptions,
): AsyncGenerator<SourceSession[]> {
  for await (const ids of pages) yield* source.readByIds(ids, options);
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
