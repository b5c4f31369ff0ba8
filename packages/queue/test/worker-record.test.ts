import { describe, expect, it } from "vitest";
import { recordHeartbeat, listWorkers, type WorkerReport } from "../src/index.js";
import { freshQueue } from "./queue-fixture.js";

const report: WorkerReport = {
  name: "host-1",
  host: "host",
  pid: 1,
  concurrency: 2,
  sessionsPerSecond: 0,
  sessions: 0,
  inHand: [],
  stopped: false,
};

const SEEN = "{rehome}:workers:seen";

describe("a worker", () => {
  it("is shown as its last heartbeat said, and gone once there was none for some seconds", async () => {
    const queue = await freshQueue();
    await recordHeartbeat(queue, report);
    await recordHeartbeat(queue, { ...report, sessions: 7 });
    await recordHeartbeat(queue, { ...report, name: "host-2", pid: 2 });
    expect(await listWorkers(queue)).toMatchObject([
      { name: "host-1", sessions: 7, gone: false },
      { name: "host-2", gone: false },
    ]);
    await queue.redis.zincrby(SEEN, -5_000, "host-1");
    expect(await listWorkers(queue)).toMatchObject([{ gone: true }, { gone: false }]);
  });

  it("that said that it stops is not gone", async () => {
    const queue = await freshQueue();
    await recordHeartbeat(queue, { ...report, stopped: true });
    await queue.redis.zincrby(SEEN, -5_000, "host-1");
    expect(await listWorkers(queue)).toMatchObject([{ stopped: true, gone: false }]);
  });

  it("is dropped once it has been gone for long", async () => {
    const queue = await freshQueue();
    await recordHeartbeat(queue, report);
    await queue.redis.zincrby(SEEN, -16 * 60_000, "host-1");
    expect(await listWorkers(queue)).toEqual([]);
    await recordHeartbeat(queue, { ...report, name: "host-2" });
    expect(await queue.redis.hkeys("{rehome}:workers")).toEqual(["host-2"]);
  });
});

describe("what is no worker's report", () => {
  it("is not shown", async () => {
    const queue = await freshQueue();
    await recordHeartbeat(queue, report);
    for (const bad of ["canary", '{"name":"canary"}', JSON.stringify({ ...report, canary: 1 })])
      await queue.redis.hset("{rehome}:workers", "host-1", bad).then(async () => {
        expect(await listWorkers(queue)).toEqual([]);
      });
  });
});
