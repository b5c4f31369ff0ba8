import { jobId, requeueLost } from "../src/index.js";
import { expect, it } from "vitest";
import { freshQueue, plannedRun } from "./queue-fixture.js";

const MINUTE_MS = 60_000;

it.each([
  ["further ahead than any delay of ours", 60 * MINUTE_MS, 0, true],
  ["past, and no worker's clock has reached it", -MINUTE_MS, 0, true],
  ["longer than a first wait between two attempts", MINUTE_MS, 1, true],
  ["the ninth wait between two attempts", 5 * MINUTE_MS, 9, false],
])(
  "a delayed chunk whose date is %s (%i ms) after %i attempts is promoted by an idle worker: %s",
  async (_, ms, attempts, promoted) => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 1);
    const id = jobId(run, "copy", 0);
    await queue.redis.lrem("{rehome}:chunks:wait", 0, id);
    await queue.redis.hset(`{rehome}:chunks:${id}`, "atm", attempts);
    await queue.redis.zadd("{rehome}:chunks:delayed", String((Date.now() + ms) * 4_096), id);
    expect(await requeueLost(queue, [run])).toBe(0);
    expect(await queue.jobs.getJobState(id)).toBe(promoted ? "waiting" : "delayed");
  },
);
