import { openTarget } from "@rehome/target";
import { afterEach, describe, expect, it, vi } from "vitest";
import { enqueue, newRun, startWork, useScene, work } from "./worker-fixture.js";

const scene = useScene();
const HOUR_MS = 3_600_000;

afterEach(() => vi.restoreAllMocks());

/** This process's clock alone: the servers' are right. */
function putClockAhead(): void {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + HOUR_MS);
}

describe("a worker whose clock is an hour ahead", () => {
  it("puts a chunk off by the queue's clock, for as long as any other", async () => {
    const run = await newRun(scene);
    await enqueue(scene, run, 1);
    putClockAhead();
    const away = openTarget(new URL("redis://127.0.0.1:1"));
    const working = startWork(scene, { target: away });
    await vi.waitFor(async () => expect(await scene.queue.jobs.getDelayedCount()).toBe(1), 5_000);
    await working.close();
    await away.close();
    vi.restoreAllMocks();
    expect(await work(scene, 1)).toEqual(["completed"]);
  });

  it("takes no chunk again at once that was put off, and leaves it to others", async () => {
    const run = await newRun(scene);
    await enqueue(scene, run, 1);
    putClockAhead();
    const away = openTarget(new URL("redis://127.0.0.1:1"));
    const working = startWork(scene, { target: away });
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await working.close();
    await away.close();
    expect(scene.lines.filter((line) => line.includes("waiting for a server")).length).toBeLessThan(
      5,
    );
  });
});
