import {
  type Bound,
  type Counts,
  newRunId,
  type Reject,
  type RunId,
  type SessionId,
  zeroCounts,
} from "@rehome/core";
import { afterEach, expect, inject } from "vitest";
import {
  closePlan,
  createRun,
  enqueueChunks,
  type FrozenRun,
  openQueue,
  type QueueConnection,
  recordBounds,
  stageRejects,
  failChunk,
  recordChunk,
  finalizeRun,
} from "../src/index.js";
import { frozenRun } from "./frozen-run.js";

const opened: QueueConnection[] = [];

afterEach(async () => {
  for (const queue of opened.splice(0)) await queue.close();
});

/** A queue of its own for each test: the server is emptied first. */
export async function freshQueue(): Promise<QueueConnection> {
  const queue = await openQueue(new URL(inject("redisUrl")));
  opened.push(queue);
  await queue.redis.flushall();
  return queue;
}

export async function startedRun(
  queue: QueueConnection,
  limits: { maxRate?: number; maxRejects?: number } = {},
  order: FrozenRun["order"] = frozenRun.order,
): Promise<RunId> {
  const run = newRunId(new Date());
  await createRun(
    queue,
    run,
    { ...frozenRun, order },
    {
      maxRate: limits.maxRate ?? null,
      maxRejects: limits.maxRejects ?? null,
    },
  );
  return run;
}

/** Sets some reject aside, without which no chunk with rejects can be recorded. */
export async function stageOne(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
  attempt: string,
): Promise<void> {
  const reject = { id: "x" as SessionId, code: "too-large", message: "big" } as const;
  await stageRejects(queue, run, chunk, attempt, [reject]);
}

/** Chunks of 10 sessions that end there. */
export function endingAt(...bounds: readonly string[]): { upTo: Bound; sessions: number }[] {
  return bounds.map((bound) => ({ upTo: bound as Bound, sessions: frozenRun.chunkSize }));
}

/** A run of so many chunks, the last one of 5 sessions, all enqueued. */
export async function plannedRun(
  queue: QueueConnection,
  chunks: number,
  limits: { maxRate?: number; maxRejects?: number } = {},
): Promise<RunId> {
  const run = await startedRun(queue, limits);
  const bounds = Array.from({ length: chunks - 1 }, (_, i) => `bound-${i}`);
  await recordBounds(queue, run, 0, endingAt(...bounds));
  await closePlan(queue, run, { exists: true, size: 5 });
  await enqueueChunks(
    queue,
    run,
    "copy",
    Array.from({ length: chunks }, (_, i) => i),
  );
  return run;
}

const DAYS_30 = 30 * 24 * 60 * 60;

export function reject(id: string): Reject {
  return { id: id as SessionId, code: "too-large", message: "more than it may be" };
}

/** Every key of a run's ledger goes by itself, 30 days from now. */
export async function expectToExpire(queue: QueueConnection, run: RunId): Promise<void> {
  for (const key of await queue.redis.keys(`{rehome}:run:${run}*`)) {
    const seconds = await queue.redis.ttl(key);
    expect(seconds, key).toBeGreaterThan(DAYS_30 - 60);
    expect(seconds, key).toBeLessThanOrEqual(DAYS_30);
  }
}

export async function finish(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
  some: Partial<Counts>,
  rejected: string[] = [],
): Promise<void> {
  const attempt = `a${Math.random()}`;
  await stageRejects(queue, run, chunk, attempt, rejected.map(reject));
  await recordChunk(queue, run, chunk, attempt, { ...zeroCounts(), ...some });
  await finalizeRun(queue, run);
}

/** A completed run of three chunks, of which one failed and one rejected two sessions. */
export async function runWithTroubles(queue: QueueConnection): Promise<RunId> {
  const run = await plannedRun(queue, 3);
  await queue.jobs.obliterate({ force: true });
  await finish(queue, run, 0, { read: 10, migrated: 10 });
  await finish(queue, run, 1, { read: 10, migrated: 8, rejected: 2 }, ["x", "y"]);
  await failChunk(queue, run, 2, "broken");
  expect(await finalizeRun(queue, run)).toBe("failed");
  return run;
}
