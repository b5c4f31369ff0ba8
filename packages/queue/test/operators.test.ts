import { zeroCounts } from "@rehome/core";
import { describe, expect, it } from "vitest";
import {
  admitBatch,
  cancelRun,
  changeRate,
  failChunk,
  listActions,
  listLogouts,
  readChunkState,
  readLoginSecret,
  readRateLimit,
  readStatus,
  recordAction,
  recordChunk,
  recordLogout,
  retryRun,
  finalizeRun,
} from "../src/index.js";
import { freshQueue, plannedRun, stageOne } from "./queue-fixture.js";

describe("a changed rate", () => {
  it("holds from the next batch on, and nothing of the old one is waited for", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2, { maxRate: 1 });
    await admitBatch(queue, run, 1_000);
    expect((await admitBatch(queue, run, 1_000)).waitMs).toBeGreaterThan(900_000);
    await changeRate(queue, run, 1_000);
    expect(await readRateLimit(queue, run)).toEqual({ phase: "running", maxRate: 1_000 });
    expect(await admitBatch(queue, run, 1_000)).toMatchObject({ waitMs: 0, maxRate: 1_000 });
    expect((await admitBatch(queue, run, 1_000)).waitMs).toBeGreaterThan(500);
    await changeRate(queue, run, null);
    expect(await admitBatch(queue, run, 1_000)).toMatchObject({ waitMs: 0, maxRate: null });
  });

  it("is refused once the run has ended", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    await cancelRun(queue, run);
    await expect(changeRate(queue, run, 5)).rejects.toMatchObject({ code: "wrong-phase" });
    expect((await readRateLimit(queue, run)).maxRate).toBeNull();
  });
});

describe("a retry of one kind of trouble", () => {
  it("leaves the other as it was", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3);
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 10, migrated: 10 });
    await stageOne(queue, run, 1, "a");
    await recordChunk(queue, run, 1, "a", { ...zeroCounts(), read: 10, rejected: 10 });
    await failChunk(queue, run, 2, "broken");
    await finalizeRun(queue, run);

    expect(await retryRun(queue, run, "rejects")).toBe(1);
    expect((await readStatus(queue, run)).chunks).toMatchObject({ failed: 1, waiting: 1, done: 1 });
    await stageOne(queue, run, 1, "b");
    await recordChunk(queue, run, 1, "b", { ...zeroCounts(), read: 10, rejected: 10 });
    expect(await finalizeRun(queue, run)).toBe("failed");

    expect(await retryRun(queue, run, "failed")).toBe(1);
    expect((await readChunkState(queue, run, 1)).state).toBe("done");
    expect((await readStatus(queue, run)).chunks).toMatchObject({ failed: 0, waiting: 1, done: 2 });
    await recordChunk(queue, run, 2, "b", { ...zeroCounts(), read: 5, migrated: 5 });
    expect(await finalizeRun(queue, run)).toBe("completed");
    expect(await retryRun(queue, run, "failed")).toBe(0);
  });
});

describe("what operators did", () => {
  it("is kept newest first, and only the latest 200", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    for (let i = 0; i < 205; i += 1)
      await recordAction(queue, { who: "ada", what: "pause", run, outcome: `${i}`, ok: true });
    const actions = await listActions(queue, 1_000);
    expect(actions).toHaveLength(200);
    expect(actions[0]).toMatchObject({ who: "ada", what: "pause", run, outcome: "204" });
    await queue.redis.lpush("{rehome}:audit", "canary", '{"who":"canary"}');
    expect((await listActions(queue, 3)).map(({ outcome }) => outcome)).toEqual(["204"]);
  });
});

describe("logins", () => {
  it("are signed with one secret by every dashboard of a queue", async () => {
    const queue = await freshQueue();
    const secret = await readLoginSecret(queue);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(await readLoginSecret(queue)).toBe(secret);
    await queue.redis.flushall();
    expect(await readLoginSecret(queue)).not.toBe(secret);
  });

  it("that were ended are remembered until they would have ended by themselves", async () => {
    const queue = await freshQueue();
    await recordLogout(queue, "old", Date.now() - 1_000);
    await recordLogout(queue, "new", Date.now() + 60_000);
    expect(await listLogouts(queue)).toEqual(["new"]);
  });
});
