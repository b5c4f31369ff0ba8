import {
  closingChunk,
  compareSession,
  makeTransform,
  type Range,
  type ReadingOrder,
  rebase,
  type SessionId,
  targetLayoutOf,
  TransformedBatch,
  type VerifyCounts,
  type Verdict,
  zeroVerifyCounts,
} from "@rehome/core";
import {
  agreeOnBaseline,
  areRejected,
  countUnverified,
  readRange,
  readRun,
  readSampleSize,
  readVerification,
  recordVerified,
  type Run,
} from "@rehome/queue";
import type { SessionSource } from "@rehome/source";
import { assertSameServers } from "./admission.js";
import type { Context, Task } from "./context.js";
import { RetryLater } from "./interruption.js";

const CLOSING_DELAY_MS = 200;

/**
 * Compares one chunk of source and target, as the run's latest verification asks. The chunk past the run's
 * last is the target's own: it looks for keys there that the source knows nothing of.
 */
export async function verifyChunk(context: Context, task: Task): Promise<VerifyCounts | null> {
  const run = await readRun(context.queue, task.run);
  const verification = await readVerification(context.queue, task.run);
  const size = await readSampleSize(context.queue, task.run, task.chunk);
  if (verification === null || size === null) return null;
  await assertSameServers(context, task, run);

  const counts = zeroVerifyCounts();
  const order = await orderOf(context, run, verification.id);
  const sessions = context.source.sessions(run.store, order);
  const closing = closingChunk(run);
  if (task.chunk === run.total) {
    const { keys } = targetLayoutOf(run);
    for await (const ids of context.target.scanIds(keys, task.signal)) {
      const known = await sessions.findKnown(ids);
      counts.extra += ids.filter((id) => !known.has(id)).length;
    }
  } else {
    // What moves between two chunks while they are compared is found by this one.
    const others = task.chunk === closing ? [closing, run.total] : [];
    if (others.length > 0 && (await countUnverified(context.queue, run.id, others)) > 0)
      throw new RetryLater("the other chunks are compared first", CLOSING_DELAY_MS);
    const range = await readRange(context.queue, run, task.chunk);
    if (verification.mode === "count")
      await countRange(context, task, run, sessions, range, counts);
    else await compareSample(context, task, run, sessions, range, size, counts);
  }
  task.signal.throwIfAborted();
  const recorded = await recordVerified(
    context.queue,
    task.run,
    verification.id,
    task.chunk,
    counts,
  );
  // The newer one could add no job for this chunk while this one was there.
  if (!recorded) throw new RetryLater("another verification has begun", 0);
  return counts;
}

/** The run's ranges, in a source that may have changed since. */
async function orderOf(context: Context, run: Run, verification: string): Promise<ReadingOrder> {
  const { queue, source } = context;
  if (run.order.kind !== "physical") return run.order;
  const read = () => source.baseline(run.store);
  return rebase(run.order, await agreeOnBaseline(queue, run.id, verification, read));
}

/** Where a session's reject may be: it may have been read once more at the end of the run. */
function chunksOf({ chunk }: Task, run: Run): number[] {
  const closing = closingChunk(run);
  return closing === null || closing === chunk ? [chunk] : [chunk, closing];
}

/** Presence alone. */
async function countRange(
  context: Context,
  task: Task,
  run: Run,
  sessions: SessionSource,
  range: Range,
  counts: VerifyCounts,
): Promise<void> {
  const { keys } = targetLayoutOf(run);
  const expiries = sessions.listExpiries(range, {
    startedAt: run.startedAt,
    signal: task.signal,
  });
  for await (const batch of expiries) {
    const ids = batch.map(({ id }) => id);
    const present = await context.target.arePresent(ids, keys);
    const now = await context.target.clock();
    const rejected = await areRejected(context.queue, run.id, chunksOf(task, run), ids);
    for (const [i, { expiresAt }] of batch.entries()) {
      counts.checked += 1;
      if (rejected[i]) counts.rejected += 1;
      else if (expiresAt <= now) counts.expired += 1;
      else counts[present[i] ? "matched" : "missing"] += 1;
    }
  }
}

/** Every field and the expiry of sessions picked at random. */
async function compareSample(
  context: Context,
  task: Task,
  run: Run,
  source: SessionSource,
  range: Range,
  size: number,
  counts: VerifyCounts,
): Promise<void> {
  const ids = await source.sampleIds(range, size);
  const options = {
    maxSessionBytes: run.mapping.maxSessionBytes,
    signal: task.signal,
  };
  const transform = makeTransform(run);
  const layout = targetLayoutOf(run);
  const expected = new TransformedBatch(layout.keys.idKind);
  for await (const sessions of source.readByIds(ids, options)) {
    const batch = Array.from({ length: sessions.count }, (_, i): SessionId => sessions.id(i));
    const found = await context.target.readBack(batch, layout);
    // After reading back: a session that expired in between is expired, not missing.
    const now = await context.target.clock();
    const rejected = await areRejected(context.queue, run.id, chunksOf(task, run), batch);
    transform(sessions, now, expected);
    for (let i = 0; i < sessions.count; i += 1) {
      const there = found[i];
      if (there === undefined)
        throw new Error(`read back ${found.length} of ${batch.length} sessions`);
      const verdict: Verdict = compareSession(
        expected.at(i),
        there,
        { layout, conflict: run.conflict },
        rejected[i] ?? false,
        now,
      );
      counts.checked += 1;
      counts[verdict] += 1;
    }
  }
}
