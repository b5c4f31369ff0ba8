import {
  closingChunk,
  type Counts,
  count,
  makeTransform,
  type Reject,
  type SessionId,
  type SourceBatch,
  step,
  stepThrough,
  targetLayoutOf,
  type TransformedBatch,
  zeroCounts,
} from "@rehome/core";
import {
  type ChunkState,
  noteEvicted,
  noteWriteWay,
  readChunkState,
  readRange,
  readRejectedIds,
  readRun,
  recordChunk,
  type Run,
  finalizeRun,
  stageRejects,
} from "@rehome/queue";
import type { ReadOptions, SessionSource } from "@rehome/source";
import { describeWay, type LoadOptions } from "@rehome/target";
import { admit, admitPhase, checkTarget, assertSameServers, tryRights } from "./admission.js";
import type { Context, Task } from "./context.js";
import { RetryLater } from "./interruption.js";
import { LoadsInFlight } from "./loads-in-flight.js";

/** How old the target's time may be that decides which sessions of a batch have expired. */
const FRESH_MS = 500;

const CLOSING_DELAY_MS = 500;

/**
 * Copies one chunk: extract, transform, load, record. Doing it again, or twice at once, leads to the same end.
 * Throws RetryLater, RunEnded, or RehomeError.
 */
export async function processChunk(context: Context, task: Task): Promise<Counts | null> {
  const { queue } = context;
  // Whatever does not wait for an answer is asked together: the servers may be far away.
  const [run, before] = await Promise.all([
    step("read-run", () => readRun(queue, task.run)),
    step("read-chunk", () => readChunkState(queue, task.run, task.chunk)),
  ]);
  task.generation = run.generation;
  admitPhase(run.phase);
  if (before.state === "done") {
    await step("finalize", () => finalizeRun(queue, run.id));
    return null;
  }
  const [{ counts, batches }] = await Promise.all([
    chooseSessions(context, task, run, before),
    step("check-servers", () => assertSameServers(context, task, run)),
  ]);
  await step("try-rights", () => tryRights(context, run));
  await step("note-write-way", () => sayWriteWay(context, run));

  const transform = makeTransform(run);
  const layout = targetLayoutOf(run);
  const options = { layout, conflict: run.conflict };
  const loads = new LoadsInFlight(layout.keys.idKind, (batch) =>
    loadBatch(context, task, options, batch, counts),
  );
  try {
    for await (const sessions of stepThrough("extract", batches)) {
      const transformed = await loads.room();
      const now = await admitByClock(context, task, sessions.count);
      transform(sessions, now, transformed);
      loads.begin(transformed);
    }
    await loads.finish();
  } finally {
    // Nothing of this attempt is still being written when the next one begins.
    await loads.settle();
  }

  await Promise.all([
    step("check-target", () => checkTarget(context, task, run)),
    sayEvicted(context, run),
  ]);
  task.signal.throwIfAborted();
  const begun = { before, generation: run.generation };
  const recorded = await step("record", () =>
    recordChunk(queue, run.id, task.chunk, task.attempt, counts, task.attemptStats(), begun),
  );
  if (!recorded) throw new RetryLater("the run was retried meanwhile", 0);
  await step("finalize", () => finalizeRun(queue, run.id));
  return counts;
}

/** Admits a batch; returns what time it is by the target's clock when that is done, in Unix ms. */
async function admitByClock(context: Context, task: Task, sessions: number): Promise<number> {
  const readClock = () => step("read-clock", () => context.target.clock());
  const asked = performance.now();
  const [now] = await Promise.all([
    readClock(),
    step("admit", () => admit(context, task, sessions)),
  ]);
  // A slow rate, or a queue that is away, makes a batch wait, and sessions expire meanwhile.
  return performance.now() - asked < FRESH_MS ? now : await readClock();
}

/** In the run's status, for whoever wonders at its speed and at the target's memory. */
async function sayWriteWay({ queue, target }: Context, run: Run): Promise<void> {
  const way = await target.writeWay(targetLayoutOf(run));
  if (way.kind === "hset") await noteWriteWay(queue, run.id, describeWay(way));
}

/** A session that was evicted counts as migrated all the same: whoever allowed eviction must see that it happens. */
async function sayEvicted({ queue, target }: Context, run: Run): Promise<void> {
  const before = run.target.evictedKeys ?? null;
  if (before === null) return;
  // The server counts anew after a restart.
  const evicted = ((await target.evictedKeys()) ?? 0) - before;
  if (evicted > 0) await noteEvicted(queue, run.id, evicted);
}

/** All sessions of the range; or, of a chunk to be retried, those it rejected, counted among what it had. */
async function chooseSessions(
  { queue, source }: Context,
  task: Task,
  run: Run,
  before: ChunkState,
): Promise<{ counts: Counts; batches: AsyncIterable<SourceBatch> }> {
  const sessions = source.sessions(run.store, run.order);
  const options: ReadOptions = {
    maxSessionBytes: run.mapping.maxSessionBytes,
    signal: task.signal,
  };
  if (before.state === "retry") {
    const { read, rejected, ...others } = before.counts;
    const counts = { ...others, read: read - rejected, rejected: 0 };
    return {
      counts,
      batches: readRejects(readRejectedIds(queue, run.id, task.chunk), sessions, options),
    };
  }
  // It finds what moved between two others while they were read. It is enqueued once they have ended: see finalize.lua.
  if (task.chunk === closingChunk(run) && run.ended < run.total - 1)
    throw new RetryLater("the other chunks are copied first", CLOSING_DELAY_MS);
  const range = await readRange(queue, run, task.chunk);
  return { counts: zeroCounts(), batches: sessions.extract(range, options) };
}

/** One that is gone from the source meanwhile is rejected no more. */
async function* readRejects(
  pages: AsyncIterable<SessionId[]>,
  source: SessionSource,
  options: ReadOptions,
): AsyncGenerator<SourceBatch> {
  for await (const ids of pages) yield* source.readByIds(ids, options);
}

/** Counts what became of each session, and stages what was rejected by the transform or by the target. */
async function loadBatch(
  context: Context,
  task: Task,
  options: LoadOptions,
  sessions: TransformedBatch,
  counts: Counts,
): Promise<void> {
  const results = await step("load", () => context.target.load(sessions, options));
  const rejects: Reject[] = [];
  for (let i = 0; i < sessions.count; i += 1) {
    const result = results[i];
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
        rejects.push({
          id: sessions.id(i),
          code: "wrong-type",
          message: `the target holds this key with another type than ${options.layout.type}`,
        });
        break;
      case "too-large":
        rejects.push({
          id: sessions.id(i),
          code: "too-large",
          message: "the target takes no value or command that long",
        });
        break;
      case null:
        rejects.push(sessions.rejectOf(i) as Reject);
        break;
      case undefined:
        throw new Error(`the target gave ${results.length} results for ${sessions.count} sessions`);
    }
  }
  for (const reject of rejects) {
    count(counts, "rejected");
    task.log.debug({ code: reject.code }, "rejected");
  }
  await step("stage", () =>
    stageRejects(context.queue, task.run, task.chunk, task.attempt, rejects),
  );
}
