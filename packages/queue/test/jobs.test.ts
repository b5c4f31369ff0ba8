import { inspect } from "node:util";
import { RehomeError, showReason, type RunId, zeroCounts, zeroVerifyCounts } from "@rehome/core";
import { describe, expect, inject, it } from "vitest";
import {
  beginVerification,
  cancelRun,
  enqueueChunks,
  inspectQueue,
  jobId,
  openQueue,
  parseJob,
  readChunkState,
  requeueLost,
  readStatus,
  readVerification,
  recordBounds,
  recordChunk,
  recordVerified,
  startVerification,
} from "../src/index.js";
import { freshQueue, plannedRun, startedRun, endingAt } from "./queue-fixture.js";

describe("jobs", () => {
  it("say which run and which chunk, and nothing else", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    const jobs = await queue.jobs.getJobs(["waiting"]);
    expect(jobs.map((job) => job.data)).toEqual(
      expect.arrayContaining([
        { run, chunk: 0 },
        { run, chunk: 1 },
      ]),
    );
    expect(jobs.map((job) => job.id)).toContain(`${run}-copy-1`);
    expect(inspect(jobs.map((job) => job.toJSON()))).not.toContain("bound-0");
  });

  it("added twice are there once", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3);
    await enqueueChunks(queue, run, "copy", [0, 1, 2]);
    expect(await queue.jobs.getWaitingCount()).toBe(3);
  });

  it("of another shape are refused without being quoted", () => {
    const run = "20260101-000000-aaaa" as RunId;
    const id = jobId(run, "copy", 3);
    expect(parseJob({ id, name: "copy", data: { run, chunk: 3 } })).toEqual({
      kind: "copy",
      run,
      chunk: 3,
    });
    for (const job of [
      { name: "copy", data: { run, chunk: -1 } },
      { name: "copy", data: { run, chunk: 1.5 } },
      { name: "copy", data: { run: "secret", chunk: 1 } },
      { name: "copy", data: { run, chunk: 1, also: "secret" } },
      { name: "secret", data: { run, chunk: 1 } },
      { name: "copy", data: null },
      { name: "copy", data: { run, chunk: 4 } },
    ]) {
      expect(() => parseJob({ id, ...job })).toThrow(RehomeError);
      expect(() => parseJob({ id, ...job })).not.toThrow(/secret/);
    }
  });
});

describe("the status", () => {
  it("counts every chunk that a worker holds, however many", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 12);
    const { Worker } = await import("bullmq");
    const connection = queue.redis.duplicate({ maxRetriesPerRequest: null });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const worker = new Worker("chunks", () => held, {
      connection,
      prefix: "{rehome}",
      concurrency: 7,
    });
    await expect
      .poll(async () => (await readStatus(queue, run)).chunks, { timeout: 10_000 })
      .toEqual({
        total: 12,
        waiting: 5,
        active: 7,
        done: 0,
        failed: 0,
      });
    release();
    await worker.close();
    connection.disconnect();
  });
});

describe("lost chunks", () => {
  it("are requeued when no job holds them, and only those", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 5);
    await recordChunk(queue, run, 0, "a", zeroCounts());
    for (const chunk of [0, 1, 3]) await queue.jobs.remove(jobId(run, "copy", chunk));
    expect(await requeueLost(queue, [run])).toBe(2);
    const waiting = await queue.jobs.getJobs(["waiting"]);
    expect(waiting.map((job) => job.data.chunk).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    expect(await requeueLost(queue, [run])).toBe(0);
  });

  it("whose job is there, but in no list that a worker takes from, are requeued", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3);
    await queue.redis.lrem("{rehome}:chunks:wait", 1, jobId(run, "copy", 1));
    expect(await requeueLost(queue, [run])).toBe(1);
    expect(await queue.jobs.getWaitingCount()).toBe(3);
  });

  it("are requeued while the plan still grows", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await recordBounds(queue, run, 0, endingAt("a"));
    expect(await requeueLost(queue, [run])).toBe(1);
  });

  it("of a whole queue are requeued a page at a time", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1_500);
    await queue.jobs.obliterate({ force: true });
    expect(await requeueLost(queue, [run])).toBe(1_000);
  });

  it("whose job failed without a word are recorded as failed", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    const { Worker } = await import("bullmq");
    const worker = new Worker(
      "chunks",
      async () => {
        const { UnrecoverableError } = await import("bullmq");
        throw new UnrecoverableError("stalled out");
      },
      { connection: queue.client.duplicate({ maxRetriesPerRequest: null }), prefix: "{rehome}" },
    );
    await new Promise((resolve) => worker.once("failed", resolve));
    await worker.close();
    expect(await requeueLost(queue, [run])).toBe(0);
    expect(await readStatus(queue, run)).toMatchObject({ phase: "failed", chunks: { failed: 1 } });
  });

  it("whose workers died one after the other are recorded with that for a reason", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    const { Worker } = await import("bullmq");
    const connection = queue.client.duplicate({ maxRetriesPerRequest: null });
    const options = { connection, prefix: "{rehome}" };
    // Takes the job and is never heard of again.
    const dead = new Worker("chunks", null, { ...options, autorun: false, lockDuration: 50 });
    await dead.getNextJob("dead");
    const other = new Worker("chunks", () => Promise.resolve(), {
      ...options,
      maxStalledCount: 0,
      stalledInterval: 100,
    });
    await new Promise((resolve) => other.once("failed", resolve));
    await Promise.all([dead.close(true), other.close(true)]);
    connection.disconnect();
    await requeueLost(queue, [run]);
    expect(await readChunkState(queue, run, 0)).toEqual({ state: "failed", reason: "worker-died" });
    expect(showReason("worker-died")).toMatch(/workers died/);
  });

  it("of a verification whose job failed without a word are recorded as failed, and can be verified again", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    await cancelRun(queue, run);
    await startVerification(queue, run, { mode: "sample", sample: 1 });
    const { UnrecoverableError, Worker } = await import("bullmq");
    const worker = new Worker(
      "chunks",
      () => Promise.reject(new UnrecoverableError("stalled out")),
      { connection: queue.client.duplicate({ maxRetriesPerRequest: null }), prefix: "{rehome}" },
    );
    await new Promise((resolve) => worker.once("failed", resolve));
    await worker.close();
    expect(await requeueLost(queue, [run])).toBe(0);
    expect(await readVerification(queue, run)).toMatchObject({ total: 1, failed: 1 });
    await startVerification(queue, run, { mode: "sample", sample: 1 });
    expect(await queue.jobs.getWaitingCount()).toBe(1);
  });

  it("of a verification are requeued as well", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3);
    await cancelRun(queue, run);
    const verification = await beginVerification(
      queue,
      run,
      "sample",
      new Map([
        [0, 5],
        [2, 5],
      ]),
    );
    await recordVerified(queue, run, verification, 0, {
      ...zeroVerifyCounts(),
      checked: 5,
      matched: 5,
    });
    // Of any run that has not ended, not of the newest alone.
    expect(await requeueLost(queue, [await startedRun(queue), run])).toBe(1);
    expect(await queue.jobs.getJob(jobId(run, "verify", 2))).toBeDefined();
  });
});

describe("a verification", () => {
  it("counts each chunk once, and nothing of an older one", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    const old = await beginVerification(queue, run, "count", new Map([[0, 0]]));
    const id = await beginVerification(
      queue,
      run,
      "count",
      new Map([
        [0, 0],
        [1, 0],
      ]),
    );
    const counts = { ...zeroVerifyCounts(), checked: 3, matched: 2, missing: 1 };
    await recordVerified(queue, run, old, 0, counts);
    await recordVerified(queue, run, id, 0, counts);
    await recordVerified(queue, run, id, 0, { ...counts, extra: -2 });
    expect(await readVerification(queue, run)).toMatchObject({
      total: 2,
      done: 1,
      failed: 0,
      counts: { checked: 3, missing: 1, extra: -2 },
    });
  });
});

describe("the queue's server", () => {
  it("is refused under an eviction policy, with the command that mends it", async () => {
    const queue = await freshQueue();
    await queue.redis.config("SET", "maxmemory-policy", "allkeys-lru");
    try {
      await expect(inspectQueue(queue)).rejects.toMatchObject({
        code: "queue-evicts",
        exitCode: 2,
        hint: expect.stringContaining("CONFIG SET maxmemory-policy noeviction"),
      });
    } finally {
      await queue.redis.config("SET", "maxmemory-policy", "noeviction");
    }
    await expect(inspectQueue(queue)).resolves.toMatchObject({
      runId: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
  });

  it("that cannot be reached, or refuses the password, is named without credentials", async () => {
    const url = new URL(inject("redisUrl"));
    url.password = "canary-password";
    const refused = await openQueue(url).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: "RehomeError", code: "queue-WRONGPASS" });
    url.port = "1";
    const unreachable = await openQueue(url).catch((error: unknown) => error);
    expect(unreachable).toMatchObject({ name: "RehomeError", code: "queue-ECONNREFUSED" });
    expect(inspect([refused, unreachable], { depth: null })).not.toContain("canary");
  });

  it("shows no argument of a command that failed", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await queue.redis.del(`{rehome}:run:${run}:bounds`);
    await queue.redis.set(`{rehome}:run:${run}:bounds`, "not a hash");
    const error = await recordBounds(queue, run, 0, endingAt("canary-id")).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: "RehomeError", code: "queue-WRONGTYPE" });
    expect(inspect(error, { depth: null })).not.toContain("canary");
  });
});
