import { type Counts, RehomeError, type RunId, type SessionId, zeroCounts } from "@rehome/core";
import { describe, expect, it } from "vitest";
import {
  admitBatch,
  cancelRun,
  closePlan,
  createRun,
  failChunk,
  forgetRun,
  listRejects,
  listRuns,
  pauseRun,
  type QueueConnection,
  readChunkState,
  readPlanEnd,
  readRange,
  readRun,
  readStatus,
  recordBounds,
  recordChunk,
  resolveRun,
  resumeRun,
  retryRun,
  finalizeRun,
  type ShownReject,
  stageRejects,
  stopRun,
} from "../src/index.js";
import { frozenRun } from "./frozen-run.js";
import { freshQueue, plannedRun, stageOne, startedRun, endingAt } from "./queue-fixture.js";

const id = (text: string) => text as SessionId;
const counts = (some: Partial<Counts>): Counts => ({ ...zeroCounts(), ...some });

async function rejectsOf(queue: QueueConnection, run: RunId): Promise<ShownReject[]> {
  const rejects: ShownReject[] = [];
  for await (const reject of listRejects(queue, run)) rejects.push(reject);
  return rejects;
}

async function failureOf(work: Promise<unknown>): Promise<RehomeError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RehomeError)) throw new Error("it should have failed with a RehomeError");
  return error;
}

describe("a run", () => {
  it("keeps what it was started with", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    expect(await readRun(queue, run)).toEqual({
      ...frozenRun,
      id: run,
      phase: "planning",
      planComplete: false,
      total: 0,
      planned: 0,
      generation: 0,
      ended: 0,
      newer: 0,
    });
  });

  it("is the only active run, however many start at once", async () => {
    const queue = await freshQueue();
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => startedRun(queue)));
    const won = attempts.filter((attempt) => attempt.status === "fulfilled");
    expect(won).toHaveLength(1);
    expect(await listRuns(queue)).toEqual([won[0]?.value]);
  });

  it("stops being the active run when it ends, however it ends", async () => {
    const queue = await freshQueue();
    await stopRun(queue, await startedRun(queue), "stopped");
    await cancelRun(queue, await startedRun(queue));
    const run = await plannedRun(queue, 1);
    expect((await failureOf(startedRun(queue))).code).toBe("run-active");
    await recordChunk(queue, run, 0, "a", zeroCounts());
    expect(await finalizeRun(queue, run)).toBe("completed");
    await startedRun(queue);
  });

  it("changes its phase only as is legal", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    expect((await failureOf(forgetRun(queue, run))).message).toMatch(/is planning/);
    expect((await failureOf(retryRun(queue, run))).code).toBe("wrong-phase");
    await cancelRun(queue, run);
    for (const change of [pauseRun, resumeRun, cancelRun, retryRun]) {
      expect((await failureOf(change(queue, run))).message).toMatch(/is cancelled/);
    }
    await stopRun(queue, run, "too late");
    expect((await readStatus(queue, run)).phase).toBe("cancelled");
  });

  it("that is unknown is refused, and so is what is no id", async () => {
    const queue = await freshQueue();
    expect((await failureOf(resolveRun(queue, undefined))).code).toBe("no-run");
    expect((await failureOf(resolveRun(queue, "20260101-000000-aaaa"))).code).toBe("unknown-run");
    const failure = await failureOf(resolveRun(queue, "session-secret"));
    expect(failure.code).toBe("unknown-run");
    expect(failure.message).not.toContain("session-secret");
  });
});

describe("bounds", () => {
  it("make ranges without a gap, the first open below and the last above", async () => {
    const queue = await freshQueue();
    const run = await readRun(queue, await plannedRun(queue, 3));
    expect(await readRange(queue, run, 0)).toEqual({ after: null, upTo: "bound-0" });
    expect(await readRange(queue, run, 1)).toEqual({ after: "bound-0", upTo: "bound-1" });
    expect(await readRange(queue, run, 2)).toEqual({ after: "bound-1", upTo: null });
    expect((await failureOf(readRange(queue, run, 3))).code).toBe("unknown-chunk");
  });

  it("are written once: the same again does no harm, another is refused without being named", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await recordBounds(queue, run, 0, endingAt("a", "b"));
    await recordBounds(queue, run, 1, endingAt("b", "c"));
    expect((await readStatus(queue, run)).sessions.planned).toBe(30);
    expect(await readPlanEnd(queue, run)).toEqual({
      complete: false,
      next: 3,
      after: "c",
    });
    const failure = await failureOf(recordBounds(queue, run, 2, endingAt("secret")));
    expect(failure.code).toBe("other-planner");
    expect(failure.message).not.toContain("secret");
    expect(await readPlanEnd(queue, run)).toEqual({
      complete: false,
      next: 3,
      after: "c",
    });
  });

  it("leave no range open above before the plan is complete", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await recordBounds(queue, run, 0, endingAt("a"));
    expect((await failureOf(readRange(queue, await readRun(queue, run), 1))).code).toBe(
      "unknown-chunk",
    );
    await closePlan(queue, run, { exists: true, size: 0 });
    expect(await readRange(queue, await readRun(queue, run), 1)).toEqual({
      after: "a",
      upTo: null,
    });
  });
});

describe("a chunk's record", () => {
  it("moves the totals by the difference, so that a retry never counts twice", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    await recordChunk(queue, run, 0, "a", counts({ read: 10, migrated: 7, kept: 3 }));
    await recordChunk(queue, run, 1, "a", counts({ read: 5, migrated: 5 }));
    await recordChunk(queue, run, 0, "b", counts({ read: 11, migrated: 9, expired: 2 }));
    const { sessions, chunks } = await readStatus(queue, run);
    expect(sessions).toEqual({
      planned: 15,
      read: 16,
      migrated: 14,
      kept: 0,
      expired: 2,
      rejected: 0,
    });
    expect(chunks).toEqual({ total: 2, waiting: 0, active: 0, done: 2, failed: 0 });
  });

  it("as done takes the place of failed, and not the other way round", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    await failChunk(queue, run, 0, "broken");
    await failChunk(queue, run, 0, "broken again");
    expect((await readStatus(queue, run)).chunks.failed).toBe(1);
    await recordChunk(queue, run, 0, "a", counts({ read: 10, migrated: 10 }));
    await failChunk(queue, run, 0, "too late");
    expect((await readChunkState(queue, run, 0)).state).toBe("done");
    expect((await readStatus(queue, run)).chunks).toMatchObject({ done: 1, failed: 0, waiting: 1 });
  });

  it("brings its rejects along, and only those of the attempt that is recorded", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    const reject = (name: string) => ({ id: id(name), code: "too-large", message: "big" }) as const;
    await stageRejects(queue, run, 0, "first", [reject("x"), reject("y")]);
    await stageRejects(queue, run, 0, "second", [reject("y")]);
    expect(await rejectsOf(queue, run)).toEqual([]);
    await recordChunk(queue, run, 0, "second", counts({ read: 1, rejected: 1 }));
    const [shown, ...more] = await rejectsOf(queue, run);
    expect(more).toEqual([]);
    expect(shown).toMatchObject({ chunk: 0, code: "too-large", message: "big", attempts: 1 });
    expect(shown?.fingerprint).toMatch(/^[0-9a-f]{12}$/);

    await stageRejects(queue, run, 0, "third", [reject("y")]);
    await recordChunk(queue, run, 0, "third", counts({ read: 1, rejected: 1 }));
    expect(await rejectsOf(queue, run)).toMatchObject([{ attempts: 2 }]);
    await recordChunk(queue, run, 0, "fourth", counts({ read: 1, migrated: 1 }));
    expect(await rejectsOf(queue, run)).toEqual([]);
  });

  it("is refused where what was set aside has expired, and counts nothing then", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    const some = counts({ read: 1, rejected: 1 });
    const failure = await failureOf(recordChunk(queue, run, 0, "slow", some));
    expect(failure).toMatchObject({ code: "rejects-expired", retryable: true });
    expect((await readStatus(queue, run)).sessions.read).toBe(0);
    // Those of a former attempt are others.
    await stageOne(queue, run, 0, "a");
    await recordChunk(queue, run, 0, "a", some);
    const other = counts({ read: 2, rejected: 2 });
    expect((await failureOf(recordChunk(queue, run, 0, "b", other))).code).toBe("rejects-expired");
    expect(await readChunkState(queue, run, 0)).toEqual({ state: "done", counts: some });
    expect(await rejectsOf(queue, run)).toHaveLength(1);
  });

  it("stops the run when more are rejected than it allows", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3, { maxRejects: 2 });
    await stageOne(queue, run, 0, "a");
    await recordChunk(queue, run, 0, "a", counts({ read: 10, migrated: 8, rejected: 2 }));
    expect((await readStatus(queue, run)).phase).toBe("running");
    await stageOne(queue, run, 1, "a");
    await recordChunk(queue, run, 1, "a", counts({ read: 10, migrated: 9, rejected: 1 }));
    const status = await readStatus(queue, run);
    expect(status.phase).toBe("failed");
    expect(status.notice).toMatch(/3 sessions were rejected/);
  });

  it("says when sessions were kept because they could not be compared", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    await recordChunk(queue, run, 0, "a", counts({ read: 2, kept: 2, incomparable: 1 }));
    expect((await readStatus(queue, run)).notice).toMatch(/^1 sessions were kept because/);
  });
});

describe("finalizing", () => {
  it("does not end a run whose plan is not complete, even if every chunk is done", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await recordBounds(queue, run, 0, endingAt("a"));
    await recordChunk(queue, run, 0, "a", counts({ read: 10, migrated: 10 }));
    expect(await finalizeRun(queue, run)).toBe("planning");
    await closePlan(queue, run, { exists: true, size: 1 });
    expect(await finalizeRun(queue, run)).toBe("running");
    await recordChunk(queue, run, 1, "a", counts({ read: 1, migrated: 1 }));
    expect(await finalizeRun(queue, run)).toBe("completed");
  });

  it("completes a run of nothing", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await closePlan(queue, run, { exists: false, size: 0 });
    expect(await finalizeRun(queue, run)).toBe("completed");
    const status = await readStatus(queue, run);
    expect(status.chunks.total).toBe(0);
    expect(status.finishedAt).not.toBeNull();
  });

  it("fails a run only when no chunk is left, and keeps the time at which it first ended", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    await failChunk(queue, run, 0, "broken");
    expect(await finalizeRun(queue, run)).toBe("running");
    await recordChunk(queue, run, 1, "a", counts({ read: 5, migrated: 5 }));
    expect(await finalizeRun(queue, run)).toBe("failed");
    const { finishedAt } = await readStatus(queue, run);
    expect(await finalizeRun(queue, run)).toBe("failed");
    expect((await readStatus(queue, run)).finishedAt).toBe(finishedAt);
  });
});

describe("admission", () => {
  it("tells the phase, and for a forgotten run that there is none", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    expect(await admitBatch(queue, run, 10)).toMatchObject({ phase: "running", waitMs: 0 });
    await pauseRun(queue, run);
    expect((await admitBatch(queue, run, 10)).phase).toBe("paused");
    await queue.redis.flushall();
    expect((await admitBatch(queue, run, 10)).phase).toBeNull();
  });

  it("spreads batches over time as the rate asks, whoever asks", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1, { maxRate: 100 });
    const waits = [];
    for (let i = 0; i < 4; i += 1) waits.push((await admitBatch(queue, run, 1_000)).waitMs);
    expect(waits[0]).toBe(0);
    for (const [i, wait] of waits.entries()) {
      expect(wait).toBeLessThanOrEqual(i * 10_000);
      expect(wait).toBeGreaterThanOrEqual(Math.max(0, i * 10_000 - 5_000));
    }
  });
});

describe("a call whose answer was lost, and that the client sends again,", () => {
  it("leaves a recorded chunk's rejects listed", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    const reject = { id: id("x"), code: "wrong-type", message: "m" } as const;
    await stageRejects(queue, run, 0, "a", [reject]);
    for (let sent = 0; sent < 2; sent += 1) {
      await recordChunk(queue, run, 0, "a", counts({ read: 1, rejected: 1 }));
      expect(await rejectsOf(queue, run)).toHaveLength(1);
    }
  });

  it("does not take a run for another that is the active run", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await createRun(queue, run, frozenRun, { maxRate: null, maxRejects: null });
    expect(await listRuns(queue)).toEqual([run]);
  });
});

describe("a paused run", () => {
  it("stops when its last chunk in hand brings more rejects than allowed", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1, { maxRejects: 0 });
    await pauseRun(queue, run);
    await stageOne(queue, run, 0, "a");
    await recordChunk(queue, run, 0, "a", counts({ read: 1, rejected: 1 }));
    expect((await readStatus(queue, run)).phase).toBe("failed");
  });
});
