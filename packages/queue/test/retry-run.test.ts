import { setTimeout as sleep } from "node:timers/promises";
import { type SessionId, zeroCounts } from "@rehome/core";
import { describe, expect, it, vi } from "vitest";
import {
  cancelRun,
  failChunk,
  listRejects,
  requeueLost,
  readChunkState,
  readRejectedIds,
  readRun,
  readStatus,
  recordChunk,
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

describe("retrying", () => {
  it("takes the failed chunks and the rejected sessions, and the counts move", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    expect(await retryRun(queue, run)).toBe(2);
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "running",
      finishedAt: null,
      chunks: { total: 3, waiting: 2, done: 1, failed: 0 },
      sessions: { read: 20, migrated: 18, rejected: 2 },
    });
    const jobs = await queue.jobs.getJobs(["waiting"]);
    expect(jobs.map((job) => job.data.chunk).toSorted((a, b) => a - b)).toEqual([1, 2]);
    expect(await readChunkState(queue, run, 1)).toMatchObject({
      state: "retry",
      counts: { rejected: 2 },
    });
    const ids: SessionId[] = [];
    for await (const page of readRejectedIds(queue, run, 1)) ids.push(...page);
    expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["x", "y"]);

    await finish(queue, run, 1, { read: 10, migrated: 9, rejected: 1 }, ["y"]);
    await finish(queue, run, 2, { read: 5, migrated: 5 });
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "completed",
      chunks: { done: 3, failed: 0 },
      sessions: { read: 25, migrated: 24, rejected: 1 },
    });
    const rejects = [];
    for await (const reject of listRejects(queue, run)) rejects.push(reject);
    expect(rejects).toMatchObject([{ chunk: 1, attempts: 2, message: "more than it may be" }]);
  });

  it("that fails for good takes the chunk's counts away, and it can be retried whole", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    await retryRun(queue, run);
    await failChunk(queue, run, 1, "broken");
    await failChunk(queue, run, 2, "broken");
    expect(await finalizeRun(queue, run)).toBe("failed");
    expect(await readStatus(queue, run)).toMatchObject({
      chunks: { done: 1, failed: 2 },
      sessions: { read: 10, migrated: 10, rejected: 0 },
    });
    expect(await retryRun(queue, run)).toBe(2);
    expect((await readChunkState(queue, run, 1)).state).toBe("open");
  });

  it("is refused while another run is active, and does nothing where there is nothing to do", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    const other = await startedRun(queue);
    const before = await readStatus(queue, run);
    await expect(retryRun(queue, run)).rejects.toMatchObject({ code: "run-active" });
    expect(await readStatus(queue, run)).toEqual(before);
    await cancelRun(queue, other);
    expect(await retryRun(queue, run)).toBe(2);

    const clean = await freshQueue();
    const whole = await plannedRun(clean, 1);
    await finish(clean, whole, 0, { read: 5, migrated: 5 });
    expect(await retryRun(clean, whole)).toBe(0);
    expect((await readStatus(clean, whole)).phase).toBe("completed");
  });

  it("leaves the run as it was when another becomes the active one at the last moment", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    const before = await readStatus(queue, run);
    const get = queue.redis.get.bind(queue.redis);
    vi.spyOn(queue.redis, "get").mockImplementationOnce(async (key) => {
      const holder = await get(key);
      await startedRun(queue);
      return holder;
    });
    await expect(retryRun(queue, run)).rejects.toMatchObject({ code: "run-active" });
    expect(await readStatus(queue, run)).toEqual(before);
    await expectToExpire(queue, run);
  });

  it("is not ended by an idle worker before its chunks are reopened, nor fails them for their old jobs", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    const scan = queue.redis.hscan.bind(queue.redis) as (...args: unknown[]) => unknown;
    const phases: unknown[] = [];
    let looking = false;
    vi.spyOn(queue.redis, "hscan").mockImplementation((async (...args: unknown[]) => {
      if (!looking) {
        looking = true;
        await requeueLost(queue, [run]);
        phases.push(await finalizeRun(queue, run));
        looking = false;
      }
      return await scan(...args);
    }) as never);
    expect(await retryRun(queue, run)).toBe(2);
    expect([...new Set(phases)]).toEqual(["failed", "running"]);
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "running",
      chunks: { waiting: 2, done: 1, failed: 0 },
    });
  });

  it("is not ended by an idle worker either when reopening takes longer than its lease", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    const scan = queue.redis.hscan.bind(queue.redis) as (...args: unknown[]) => unknown;
    const phases: unknown[] = [];
    vi.spyOn(queue.redis, "hscan").mockImplementation((async (...args: unknown[]) => {
      if ((await queue.redis.pexpire(`{rehome}:run:${run}:reopening`, 900)) === 1) {
        await sleep(1_200);
        phases.push(await finalizeRun(queue, run));
      }
      return await scan(...args);
    }) as never);
    expect(await retryRun(queue, run)).toBe(2);
    expect([...new Set(phases)]).toEqual(["running"]);
  });

  it("reopens nothing when its lease is over, says so, and can be done again", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    const scan = queue.redis.hscan.bind(queue.redis) as (...args: unknown[]) => unknown;
    vi.spyOn(queue.redis, "hscan").mockImplementation((async (...args: unknown[]) => {
      // As if the queue had been out of reach for longer.
      if ((await queue.redis.del(`{rehome}:run:${run}:reopening`)) === 1)
        await finalizeRun(queue, run);
      return await scan(...args);
    }) as never);
    await expect(retryRun(queue, run)).rejects.toThrow(/ended again/);
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "failed",
      chunks: { done: 2, failed: 1 },
    });
    vi.restoreAllMocks();
    expect(await retryRun(queue, run)).toBe(2);
  });

  it("finalizes a run that failed of a chunk which was recorded afterwards", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    await finish(queue, run, 0, { read: 10, migrated: 10 });
    await failChunk(queue, run, 1, "broken");
    expect(await finalizeRun(queue, run)).toBe("failed");
    await finish(queue, run, 1, { read: 5, migrated: 5 });
    expect((await readStatus(queue, run)).phase).toBe("failed");
    expect(await retryRun(queue, run)).toBe(0);
    expect((await readStatus(queue, run)).phase).toBe("completed");
  });

  it("killed at any moment leaves a run that ends again, expires, and can be retried", async () => {
    const queue = await freshQueue();
    for (const method of ["evalsha", "hscan", "scan", "del"] as const) {
      for (let survived = 0; ; survived += 1) {
        await queue.redis.flushall();
        const run = await runWithTroubles(queue);
        const work = queue.redis[method].bind(queue.redis) as (...args: unknown[]) => unknown;
        let calls = 0;
        const spy = vi.spyOn(queue.redis, method).mockImplementation((async (
          ...args: unknown[]
        ) => {
          calls += 1;
          if (calls > survived) throw new Error("killed");
          return await work(...args);
        }) as never);
        const killed = await retryRun(queue, run).then(
          () => false,
          () => true,
        );
        spy.mockRestore();
        if (!killed) break;
        await queue.redis.del(`{rehome}:run:${run}:reopening`);
        await requeueLost(queue, [run]);
        const { phase } = await readStatus(queue, run);
        if (phase === "failed") {
          await expectToExpire(queue, run);
          expect(await retryRun(queue, run), `${method} ${survived}`).toBe(2);
        }
        expect((await readStatus(queue, run)).phase).toBe("running");
        for (const key of await queue.redis.keys(`{rehome}:run:${run}*`)) {
          expect(await queue.redis.ttl(key), `${method} ${survived} ${key}`).toBe(-1);
        }
      }
    }
  });

  it("killed before its ledger is kept has an idle worker keep it", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2, { maxRejects: 0 });
    await finish(queue, run, 0, { read: 10, migrated: 9, rejected: 1 }, ["x"]);
    const evalsha = queue.redis.evalsha.bind(queue.redis) as (...args: unknown[]) => unknown;
    let calls = 0;
    const spy = vi.spyOn(queue.redis, "evalsha").mockImplementation((async (...args: unknown[]) => {
      calls += 1;
      if (calls > 1) throw new Error("killed");
      return await evalsha(...args);
    }) as never);
    await expect(retryRun(queue, run)).rejects.toThrow("killed");
    spy.mockRestore();
    await queue.redis.del(`{rehome}:run:${run}:reopening`);
    await requeueLost(queue, [run]);
    expect((await readStatus(queue, run)).phase).toBe("running");
    for (const key of await queue.redis.keys(`{rehome}:run:${run}*`)) {
      expect(await queue.redis.ttl(key), key).toBe(-1);
    }
  });

  it("one chunk twice at once leads to the same end, whoever is faster", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    await retryRun(queue, run);
    const before = await readChunkState(queue, run, 1);
    await stageRejects(queue, run, 1, "fast", [reject("y")]);
    const fast = { ...zeroCounts(), read: 10, migrated: 9, rejected: 1 };
    await recordChunk(queue, run, 1, "fast", fast, null, { before });
    // The other found fewer rejects to try: they were being replaced.
    await stageRejects(queue, run, 1, "slow", [reject("x")]);
    const slow = { ...zeroCounts(), read: 8, migrated: 8 };
    await recordChunk(queue, run, 1, "slow", slow, null, { before });
    await recordChunk(queue, run, 1, "fast", fast, null, { before });
    expect(await readChunkState(queue, run, 1)).toEqual({ state: "done", counts: fast });
    expect((await readStatus(queue, run)).sessions).toMatchObject({ read: 20, rejected: 1 });
    expect(await queue.redis.hkeys(`{rehome}:run:${run}:rejects:1`)).toEqual(["y"]);
    expect(await queue.redis.keys("*:staged:*")).toEqual([]);

    // Nor may one of the time before take the place of what is tried again now.
    await finish(queue, run, 2, { read: 5, migrated: 5 });
    await retryRun(queue, run);
    const again = await readChunkState(queue, run, 1);
    await recordChunk(queue, run, 1, "slow", slow, null, { before });
    expect(await readChunkState(queue, run, 1)).toEqual({ state: "retry", counts: fast });
    const whole = { ...zeroCounts(), read: 10, migrated: 10 };
    await recordChunk(queue, run, 1, "new", whole, null, { before: again });
    expect(await readChunkState(queue, run, 1)).toEqual({ state: "done", counts: whole });
  });

  it("a chunk that another worker gave up meanwhile counts whole when it is recorded after all", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    await retryRun(queue, run);
    const before = await readChunkState(queue, run, 1);
    await failChunk(queue, run, 1, "broken");
    const counts = { ...zeroCounts(), read: 10, migrated: 10 };
    await recordChunk(queue, run, 1, "a", counts, null, { before });
    expect(await readStatus(queue, run)).toMatchObject({
      chunks: { done: 2, failed: 0 },
      sessions: { read: 20, migrated: 20, rejected: 0 },
    });
  });

  it("refuses what an attempt of the time before it records, which others have overtaken", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    // It read the run and its chunk, copied, and stands still before it records.
    const { generation } = await readRun(queue, run);
    await stageRejects(queue, run, 0, "stale", [reject("x"), reject("y")]);
    await finish(queue, run, 0, { read: 5, migrated: 3, rejected: 2 }, ["x", "y"]);
    await retryRun(queue, run);
    const before = await readChunkState(queue, run, 0);
    const mended = { ...zeroCounts(), read: 5, migrated: 5 };
    const now = { before, generation: (await readRun(queue, run)).generation };
    expect(await recordChunk(queue, run, 0, "new", mended, null, now)).toBe(true);
    expect(await finalizeRun(queue, run)).toBe("completed");

    const stale = { ...zeroCounts(), read: 5, migrated: 3, rejected: 2 };
    const then = { before: { state: "open" }, generation } as const;
    expect(await recordChunk(queue, run, 0, "stale", stale, null, then)).toBe(false);
    expect((await readStatus(queue, run)).sessions).toMatchObject({ migrated: 5, rejected: 0 });
    expect(await queue.redis.keys(`{rehome}:run:${run}:*:0*`)).toEqual([]);
  });

  it("refuses the failure of an attempt of the time before it", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    const { generation } = await readRun(queue, run);
    await finish(queue, run, 0, { read: 5, migrated: 4, rejected: 1 }, ["x"]);
    await retryRun(queue, run);
    expect(await failChunk(queue, run, 0, "broken", null, generation)).toBe(false);
    expect((await readChunkState(queue, run, 0)).state).toBe("retry");
    expect((await readStatus(queue, run)).chunks).toMatchObject({ failed: 0, waiting: 1 });
  });

  it("interrupted half-way can be done again", async () => {
    const queue = await freshQueue();
    const run = await runWithTroubles(queue);
    // As if the process had died after reopening the first of two chunks.
    const base = `{rehome}:run:${run}`;
    const entry = (await queue.redis.hget(`${base}:chunks`, "1")) ?? "";
    expect(entry).toMatch(/^done /);
    await queue.redis.hset(`${base}:chunks`, "1", entry.replace("done", "retry"));
    await queue.redis.hincrby(base, "done", -1);
    expect(await retryRun(queue, run)).toBe(2);
    expect((await readStatus(queue, run)).chunks).toMatchObject({ done: 1, failed: 0, waiting: 2 });
  });
});

describe("rejects", () => {
  it("may be many: a default allows 1 % of what is planned, and at least 1,000", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3);
    await finish(queue, run, 0, { read: 1_000, rejected: 1_000 }, ["x"]);
    expect((await readStatus(queue, run)).phase).toBe("running");
    await finish(queue, run, 1, { read: 1, rejected: 1 }, ["y"]);
    const status = await readStatus(queue, run);
    expect(status.phase).toBe("failed");
    expect(status.notice).toMatch(/1001 sessions were rejected, more than the 1000 allowed/);
    expect(await retryRun(queue, run)).toBe(3);
  });

  it.each([undefined, 1_000])(
    "that stopped a run are allowed once more when it is retried (--max-rejects %s)",
    async (maxRejects) => {
      const queue = await freshQueue();
      const run = await plannedRun(queue, 4, maxRejects === undefined ? {} : { maxRejects });
      await finish(queue, run, 0, { read: 1_001, rejected: 1_001 }, ["x"]);
      for (const [second, third, allowed] of [
        [1_000, 1, 2_001],
        [2_000, 2, 3_002],
      ] as const) {
        expect((await readStatus(queue, run)).phase).toBe("failed");
        await retryRun(queue, run);
        await finish(queue, run, 0, { read: 1_001, rejected: 1_001 }, ["x"]);
        await finish(queue, run, 1, { read: second, rejected: second }, ["y"]);
        expect((await readStatus(queue, run)).phase).toBe("running");
        await finish(queue, run, 2, { read: third, rejected: third }, ["z"]);
        expect((await readStatus(queue, run)).notice).toMatch(`more than the ${allowed} allowed`);
      }
    },
  );

  it("of one chunk may be 100,000, in pieces that never hold the server up", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1, { maxRejects: 1_000_000 });
    for (let i = 0; i < 100_000; i += 500) {
      const rejects = Array.from({ length: 500 }, (_, j) => ({
        id: `4b1f0c1e-0000-0000-0000-${String(i + j).padStart(12, "0")}` as SessionId,
        code: "too-large" as const,
        message: "more than 134217728 bytes",
      }));
      await stageRejects(queue, run, 0, "a", rejects);
    }
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 100_000, rejected: 100_000 });
    expect(await finalizeRun(queue, run)).toBe("completed");
    const before = process.memoryUsage().rss;
    let listed = 0;
    for await (const _ of listRejects(queue, run)) listed += 1;
    expect(listed).toBe(100_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    const bytes = await queue.redis.memory(
      "USAGE",
      `{rehome}:run:${run}:rejects:0`,
      "SAMPLES",
      "0",
    );
    expect(Number(bytes)).toBeLessThan(30_000_000);
    expect(await retryRun(queue, run)).toBe(1);
  });
});
