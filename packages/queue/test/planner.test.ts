import { describe, expect, it, vi } from "vitest";
import { asPlanner, closePlan, pauseRun, readRun, readStatus, recordBounds } from "../src/index.js";
import { freshQueue, startedRun, endingAt } from "./queue-fixture.js";

describe("a plan", () => {
  it("has one planner at a time, and the next one when that has finished", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    let finish = () => {};
    const first = asPlanner(queue, run, () => new Promise<void>((resolve) => (finish = resolve)));
    await vi.waitFor(async () => expect((await readStatus(queue, run)).notice).toBeNull());
    expect(await asPlanner(queue, run, async () => 1)).toBeNull();
    finish();
    await first;
    expect(await asPlanner(queue, run, async () => 1)).toEqual({ result: 1 });
  });

  it("that no process is making says how to continue it", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    expect((await readStatus(queue, run)).notice).toContain(`rehome resume ${run}`);
    await closePlan(queue, run, { exists: true, size: 1 });
    expect((await readStatus(queue, run)).notice).toBeNull();
  });

  it("that is complete takes no bound of a planner that was stopped and wakes up, not even while paused", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue);
    await recordBounds(queue, run, 0, endingAt("a"));
    await pauseRun(queue, run);
    await closePlan(queue, run, { exists: true, size: 1 });
    await expect(recordBounds(queue, run, 1, endingAt("b"))).rejects.toMatchObject({
      code: "run-ended",
      message: expect.stringMatching(/completely/),
    });
    expect(await readRun(queue, run)).toMatchObject({ total: 2, planComplete: true });
  });
});
