import { zeroCounts, zeroVerifyCounts } from "@rehome/core";
import { describe, expect, it, vi } from "vitest";
import {
  beginVerification,
  cancelRun,
  failChunk,
  failVerified,
  forgetRun,
  listRuns,
  requeueLost,
  readStatus,
  recordChunk,
  recordVerified,
  retryRun,
  finalizeRun,
  stageRejects,
} from "../src/index.js";
import {
  expectToExpire,
  finish,
  freshQueue,
  plannedRun,
  reject,
  runWithTroubles,
  startedRun,
} from "./queue-fixture.js";

describe("a ledger", () => {
  it("expires 30 days after the end of its run, all of it, and not before", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    await expectToExpire(queue, run);
    await retryRun(queue, run);
    await finish(queue, run, 1, { read: 10, migrated: 9, rejected: 1 }, ["y"]);
    for (const key of await queue.redis.keys(`{rehome}:run:${run}*`)) {
      expect(await queue.redis.ttl(key), key).toBe(-1);
    }
  });

  it("of a run that ended with chunks in hand expires with what they record afterwards", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3, { maxRejects: 0 });
    await finish(queue, run, 0, { read: 10, migrated: 9, rejected: 1 }, ["x"]);
    expect((await readStatus(queue, run)).phase).toBe("failed");
    // As of a ledger to which these chunks bring the first of their kind.
    await queue.redis.del(...["attempts", "changed"].map((name) => `{rehome}:run:${run}:${name}`));
    await finish(queue, run, 1, { read: 10, migrated: 8, rejected: 2 }, ["y", "z"]);
    await failChunk(queue, run, 2, "broken", { attempts: 1, ms: 1 });
    await expectToExpire(queue, run);
  });

  it("expires with what is recorded while it is made to expire", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2, { maxRejects: 0 });
    await stageRejects(queue, run, 0, "a", [reject("x")]);
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 1, rejected: 1 });
    await stageRejects(queue, run, 1, "a", [reject("y")]);
    // The chunks with rejects are known by then.
    const scan = queue.redis.scan.bind(queue.redis);
    vi.spyOn(queue.redis, "scan").mockImplementationOnce(async (...args: unknown[]) => {
      const page = await (scan as (...args: unknown[]) => Promise<[string, string[]]>)(...args);
      await recordChunk(queue, run, 1, "a", { ...zeroCounts(), read: 1, rejected: 1 });
      return page;
    });
    await finalizeRun(queue, run);
    expect(await queue.redis.exists(`{rehome}:run:${run}:rejects:1`)).toBe(1);
    await expectToExpire(queue, run);
  });

  it("expires with its verification, which begins after the end", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    const plan = new Map([
      [0, 0],
      [1, 0],
    ]);
    for (const first of ["recorded", "failed"]) {
      const id = await beginVerification(queue, run, "count", plan);
      await expectToExpire(queue, run);
      if (first === "recorded") await recordVerified(queue, run, id, 0, zeroVerifyCounts());
      else await failVerified(queue, run, id, 1, "broken");
      expect(await queue.redis.hlen(`{rehome}:run:${run}:verification:chunks`)).toBe(1);
      await expectToExpire(queue, run);
    }
  });

  it("leaves the planner's lease alone", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    const lease = `{rehome}:run:${run}:planner`;
    await queue.redis.set(lease, "someone who died", "PX", 5_000);
    await retryRun(queue, run);
    expect(await queue.redis.pttl(lease)).toBeGreaterThan(0);
  });

  it("expires whole where a chunk failed whose rejects were tried again", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    await retryRun(queue, run);
    await failChunk(queue, run, 1, "broken");
    await failChunk(queue, run, 2, "broken");
    expect(await finalizeRun(queue, run)).toBe("failed");
    expect(await queue.redis.exists(`{rehome}:run:${run}:rejects:1`)).toBe(1);
    await expectToExpire(queue, run);
  });

  it("expires, though whoever cancelled the run stopped waiting for its jobs, and is not the newest any more", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    vi.spyOn(queue.redis, "hget").mockRejectedValueOnce(new Error("killed"));
    await expect(cancelRun(queue, run)).rejects.toThrow("killed");
    const newest = await startedRun(queue);
    await requeueLost(queue, [newest, run]);
    await expectToExpire(queue, run);
  });

  it("of a run that is being forgotten cannot be retried any more", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    const ranges = queue.jobs.getRanges.bind(queue.jobs);
    const retried: unknown[] = [];
    vi.spyOn(queue.jobs, "getRanges").mockImplementation(async (...args) => {
      if (retried.length === 0)
        retried.push(await retryRun(queue, run).catch((error: unknown) => error));
      return await ranges(...args);
    });
    await forgetRun(queue, run);
    expect(retried).toMatchObject([{ code: "wrong-phase" }]);
    expect(await queue.redis.keys(`*${run}*`)).toEqual([]);
    expect(await queue.redis.get("{rehome}:active")).toBeNull();
  });

  it("of a run that was forgotten is gone, and others stay", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    const other = await plannedRun(queue, 2);
    const before = (await queue.redis.keys(`*${other}*`)).length;
    await forgetRun(queue, run);
    expect(await queue.redis.keys(`*${run}*`)).toEqual([]);
    expect((await queue.redis.keys(`*${other}*`)).length).toBe(before);
    expect(await listRuns(queue)).toEqual([other]);
  });

  it("of a run that was forgotten stays gone while a worker still has a chunk in hand", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    await forgetRun(queue, run);
    await stageRejects(queue, run, 1, "a", [reject("x")]);
    expect(await queue.redis.keys(`*${run}*`)).toEqual([]);
    // Set aside while the ledger was being deleted.
    await queue.redis.hset(`{rehome}:run:${run}:staged:1:a`, "x", "1 0 too-large big");
    await recordChunk(queue, run, 1, "a", { ...zeroCounts(), read: 1, rejected: 1 });
    expect(await queue.redis.keys(`*${run}*`)).toEqual([]);
  });
});
