import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type House, until } from "../src/e2e/house.js";
import { addManySessions } from "../src/e2e/sessions.js";
import {
  expectCompleted,
  expectMoved,
  expectNoAttempts,
  furnishedHouse,
  migrate,
  readStatus,
  startSlowly,
} from "./house-fixture.js";

/** Does something again and again while the run is in its first half. */
async function repeat(house: House, run: string, work: () => Promise<unknown>): Promise<number> {
  let times = 0;
  for (;;) {
    const [done, total] = await house.queue.hmget(`{rehome}:run:${run}`, "done", "total");
    if (Number(done) >= Number(total) / 2) return times;
    await work();
    times += 1;
    await sleep(50);
  }
}

describe("the queue Redis", () => {
  it("killed and started again with its append-only file loses no progress", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 4_000);
    await house.startWorker();
    const run = await startSlowly(house);
    const { sessions } = await until("a chunk is done", async () => {
      const now = await readStatus(house, run);
      return now.chunks.done > 0 && now;
    });
    process.kill(house.servers.queue.pid, "SIGKILL");
    await house.servers.queue.restart();
    expect((await readStatus(house, run)).sessions.read).toBeGreaterThanOrEqual(sessions.read);
    await expectCompleted(house, { read: 4_000, migrated: 4_000 });
  });

  it("that comes back without its data says that the run must be started again, and that converges", async () => {
    const house = await furnishedHouse({ queueArgs: ["--appendonly", "no"] });
    await addManySessions(house.source, 3_000);
    const worker = await house.startWorker();
    const run = await startSlowly(house);
    await house.servers.queue.restart();
    expect((await house.rehome(["status"])).stderr).toMatch(/no run yet.*lost its data.*converges/);
    expect((await house.rehome(["status", run])).stderr).toMatch(
      /no run.*lost its data, start again with: rehome start/,
    );
    await migrate(house);
    await expectCompleted(house, { planned: 3_000, read: 3_000 });
    expect(await worker.ended(0)).toBeUndefined();
    expect(await house.queue.keys(`*${run}*`)).toEqual([]);
    expect(await house.rehomeJson(["runs"])).toHaveLength(1);
  });

  it("whose answers are lost, with or without the command, counts nothing twice", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 5_000);
    await house.startWorker();
    await startSlowly(house);
    const { queue } = house.proxies;
    for (let turn = 1; turn <= 20; turn += 1) {
      queue.arm({ kind: "reset", when: turn % 2 === 0 ? "before" : "after" });
      await until("it has struck", async () => queue.struck.all === turn);
      // Long enough to be connected again, so that the next one meets a command.
      await sleep(400);
    }
    expect(queue.struck.afterActing).toBe(10);
    await expectCompleted(house, { read: 5_000, migrated: 5_000 });
  });

  it("out of reach while a run is created leaves one that can be gone on with, or none", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 100);
    await house.startWorker();
    await migrate(house);
    // Found by trying: with which command of a start's the outage begins.
    for (let bytes = 1_000; bytes <= 9_000; bytes += 1_000) {
      house.proxies.queue.arm({ kind: "cut", direction: "request", afterBytes: bytes });
      await house.rehome(["start"]);
      house.proxies.queue.disarm();
      const active = await house.queue.get("{rehome}:active");
      if (active !== null) await house.rehome(["resume", active]);
      await expectCompleted(house, { read: 100 });
    }
  });

  it("that stops answering for longer than a lock lasts is waited for", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 3_000);
    await house.startWorker();
    await startSlowly(house);
    house.proxies.queue.stall(2_500);
    await expectCompleted(house, { read: 3_000, migrated: 3_000 });
  });

  it.each([
    ["out of memory", ["CONFIG", "SET", "maxmemory", "1mb"], ["CONFIG", "SET", "maxmemory", "0"]],
    ["a replica for a while", ["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]],
  ])(
    "that is %s is waited for, and nothing is counted twice",
    async (_, [begin = "", ...args], [end = "", ...undo]) => {
      const house = await furnishedHouse();
      await addManySessions(house.source, 3_000);
      const worker = await house.startWorker();
      const run = await startSlowly(house);
      await house.queue.call(begin, ...args);
      // Longer than a lock lasts.
      await sleep(2_500);
      await house.queue.call(end, ...undo);
      await expectCompleted(house, { read: 3_000, migrated: 3_000 });
      await expectNoAttempts(house, run);
      expect(await worker.ended(0)).toBeUndefined();
    },
  );

  it("that loses the locks of jobs in hand counts nothing twice", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 4_000);
    for (let i = 0; i < 2; i += 1) await house.startWorker();
    await startSlowly(house);
    let lost = 0;
    // Not without end: a job that is lost 25 times is held to be the cause.
    for (let time = 0; time < 8; time += 1) {
      const locks = await house.queue.keys("{rehome}:chunks:*:lock");
      if (locks.length > 0) lost += await house.queue.del(...locks);
      await sleep(300);
    }
    expect(lost).toBeGreaterThan(3);
    await expectCompleted(house, { read: 4_000, migrated: 4_000 });
  });

  it("that loses its events loses no progress, for that comes from the ledger", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 3_000);
    await house.startWorker();
    const dashboard = await house.startDashboard();
    const run = await startSlowly(house);
    await repeat(house, run, () => house.queue.del("{rehome}:chunks:events"));
    const status = await expectCompleted(house, { read: 3_000, migrated: 3_000 });
    expect(await (await fetch(`${dashboard.url}api/runs/${run}`)).json()).toEqual(status);
    await expectMoved(house);
  });
});
