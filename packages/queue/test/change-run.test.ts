import { describe, expect, it, vi } from "vitest";
import {
  alignQueue,
  cancelRun,
  closePlan,
  pauseRun,
  requeueLost,
  readStatus,
  recordBounds,
  resumeRun,
} from "../src/index.js";
import { freshQueue, plannedRun, startedRun, endingAt } from "./queue-fixture.js";

describe("a paused run", () => {
  it("gives no job to any worker, nor does another restart of everything, until it is resumed", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3);
    await pauseRun(queue, run);
    expect((await readStatus(queue, run)).phase).toBe("paused");
    expect(await queue.jobs.isPaused()).toBe(true);
    expect(await requeueLost(queue, [run])).toBe(0);
    await resumeRun(queue, run);
    expect((await readStatus(queue, run)).phase).toBe("running");
    expect(await queue.jobs.isPaused()).toBe(false);
    expect(await queue.jobs.getWaitingCount()).toBe(3);
  });

  it("of which the queue and the phase disagree, after a crash in between, is mended by an idle worker", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    await queue.jobs.pause();
    await requeueLost(queue, [run]);
    expect(await queue.jobs.isPaused()).toBe(false);
    await pauseRun(queue, run);
    await queue.jobs.resume();
    await alignQueue(queue);
    expect(await queue.jobs.isPaused()).toBe(true);
  });

  it("while it is planned goes on being planned", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await pauseRun(queue, run);
    await recordBounds(queue, run, 0, endingAt("a"));
    await resumeRun(queue, run);
    expect((await readStatus(queue, run)).phase).toBe("planning");
  });

  it("whose plan becomes complete while it is resumed runs", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await pauseRun(queue, run);
    const read = queue.redis.hgetall.bind(queue.redis);
    vi.spyOn(queue.redis, "hgetall").mockImplementationOnce(async (key) => {
      const record = await read(key);
      await closePlan(queue, run, { exists: true, size: 5 });
      return record;
    });
    await resumeRun(queue, run);
    expect((await readStatus(queue, run)).phase).toBe("running");
  });
});

describe("a change of phase", () => {
  it.each([
    ["paused", pauseRun],
    ["cancelled", cancelRun],
  ] as const)("to %s whose answer is lost is made once, and goes on", async (phase, change) => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3);
    const call = queue.redis.evalsha.bind(queue.redis) as (...args: unknown[]) => Promise<unknown>;
    vi.spyOn(queue.redis, "evalsha").mockImplementation((async (...args: unknown[]) => {
      await call(...args);
      return await call(...args);
    }) as never);
    await change(queue, run);
    expect((await readStatus(queue, run)).phase).toBe(phase);
    await expect(change(queue, run)).rejects.toMatchObject({ code: "wrong-phase" });
  });
});

describe("a cancelled run", () => {
  it("leaves no job behind, is planned no more, and frees the active run's place and the queue", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 30);
    await pauseRun(queue, run);
    expect(await cancelRun(queue, run)).toBe(0);
    expect(await queue.redis.keys(`*${run}-*`)).toEqual([]);
    expect(await queue.jobs.isPaused()).toBe(false);
    await expect(recordBounds(queue, run, 0, endingAt("a"))).rejects.toMatchObject({
      code: "run-ended",
    });
    await startedRun(queue);
  });
});
