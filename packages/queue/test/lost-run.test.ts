import { zeroCounts } from "@rehome/core";
import { expect, it } from "vitest";
import {
  admitBatch,
  cancelRun,
  failChunk,
  requeueLost,
  readStatus,
  recordBounds,
  recordChunk,
  setWaiting,
  finalizeRun,
  stopRun,
} from "../src/index.js";
import { freshQueue, plannedRun } from "./queue-fixture.js";

it("a run lost with the queue's data does not come back as half a record, whoever still works at it", async () => {
  const queue = await freshQueue();
  const run = await plannedRun(queue, 3);
  await queue.redis.flushall();

  expect((await admitBatch(queue, run, 1)).phase).toBeNull();
  await recordChunk(queue, run, 0, "attempt", { ...zeroCounts(), read: 1, migrated: 1 });
  await failChunk(queue, run, 1, "reason");
  await setWaiting(queue, run, "copy", "reason");
  await setWaiting(queue, run, "verify", "reason");
  expect(await finalizeRun(queue, run)).toBeNull();
  await stopRun(queue, run, "reason");
  await expect(recordBounds(queue, run, 3, [])).rejects.toMatchObject({
    code: "unknown-run",
  });
  await expect(cancelRun(queue, run)).rejects.toMatchObject({ code: "wrong-phase" });
  expect(await requeueLost(queue, [run])).toBe(0);

  expect(await queue.redis.keys("{rehome}:run:*")).toEqual([]);
  await expect(readStatus(queue, run)).rejects.toMatchObject({
    code: "unknown-run",
    hint: expect.stringContaining("rehome start"),
  });
});

it("a run that has ended waits for nothing, whatever a worker that comes late has to say", async () => {
  const queue = await freshQueue();
  const run = await plannedRun(queue, 1);
  await setWaiting(queue, run, "copy", "reason");
  expect((await readStatus(queue, run)).notice).toBe("reason");
  await recordChunk(queue, run, 0, "attempt", zeroCounts());
  expect(await finalizeRun(queue, run)).toBe("completed");
  await setWaiting(queue, run, "copy", "late");
  expect((await readStatus(queue, run)).notice).toBeNull();
});
