import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { zeroCounts, zeroVerifyCounts } from "@rehome/core";
import { cancelRun, pauseRun, recordChunk, recordVerified, startVerification } from "@rehome/queue";
import { openTarget } from "@rehome/target";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { openDashboard, stageOne, startRun } from "./dashboard-fixture.js";
import { makeTargetGauge } from "../src/watch/target-gauge.js";
import { makeWatch } from "../src/watch/watch.js";
import { makeChunkMap } from "../src/watch/chunk-map.js";
import { makeRunWatch } from "../src/watch/run-watch.js";

const NOWHERE = { unknown: "no target" };
const done = { state: "done", counts: { ...zeroCounts(), read: 1 } } as const;

describe("the map of chunks", () => {
  it("says only what is drawn otherwise than before", () => {
    const map = makeChunkMap();
    expect(map.update(3, new Map())).toEqual([
      [0, "w"],
      [1, "w"],
      [2, "w"],
    ]);
    expect(map.update(3, new Map([[1, "worker"]]))).toEqual([[1, "a"]]);
    map.record([{ chunk: 1, entry: done, stats: { attempts: 2, ms: 5 } }]);
    expect(map.update(4, new Map())).toEqual([
      [1, "d"],
      [3, "w"],
    ]);
    expect(map.update(4, new Map())).toEqual([]);
    expect(map.letters()).toBe("wdww");
  });

  it("tells of a chunk what became of it and what it took, and of a failed one no foreign words", () => {
    const map = makeChunkMap();
    map.record([
      { chunk: 0, entry: done, stats: { attempts: 2, ms: 5 } },
      { chunk: 1, entry: { state: "failed", reason: "canary" }, stats: null },
    ]);
    map.update(3, new Map([[2, "host-1"]]));
    expect(map.tell(0)).toMatchObject({ letter: "d", attempts: 2, ms: 5, counts: { read: 1 } });
    expect(map.tell(2)).toMatchObject({ letter: "a", worker: "host-1" });
    expect(map.tell(3)).toBeNull();
    expect(map.failures()).toMatchObject([{ count: 1, chunks: [1], attempts: null }]);
    expect(JSON.stringify([map.tell(1), map.failures()])).not.toContain("canary");
  });
});

describe("a watched run", () => {
  it("says what its verification waits for: a run that is paused", async () => {
    const { queue } = await openDashboard();
    const run = await startRun(queue, 3);
    await cancelRun(queue, run);
    await startVerification(queue, run, { mode: "count", sample: 0 });
    const watch = makeRunWatch(run);
    await watch.look(queue, [], NOWHERE);
    expect(watch.view()?.verification).toMatchObject({ done: 0, waiting: null });
    const other = await startRun(queue);
    await pauseRun(queue, other);
    await watch.look(queue, [], NOWHERE);
    expect(watch.view()?.verification?.waiting).toContain(`run ${other} is paused`);
  });

  it("has no verdict on a verification that compared nothing, and says why", async () => {
    const { queue } = await openDashboard();
    const run = await startRun(queue, 1);
    await cancelRun(queue, run);
    const id = await startVerification(queue, run, { mode: "count", sample: 0 });
    for (const chunk of [0, 1]) await recordVerified(queue, run, id, chunk, zeroVerifyCounts());
    const watch = makeRunWatch(run);
    await watch.look(queue, [], NOWHERE);
    const seen = watch.view()?.verification;
    expect(seen).toMatchObject({ total: 2, done: 2, result: { ok: null } });
    expect(seen?.remark).toContain("nothing was compared");
  });

  it("gives a page that comes back what has changed since, and the whole map where that is lost", async () => {
    const { queue } = await openDashboard();
    const run = await startRun(queue, 3);
    const watch = makeRunWatch(run);
    await watch.look(queue, [], NOWHERE);
    const mark = watch.mark();
    expect(watch.changesSince("")).toBeNull();
    expect(watch.changesSince(mark)).toEqual([]);
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 10, migrated: 10 });
    await watch.look(queue, [], NOWHERE);
    await stageOne(queue, run, 2, "a");
    await recordChunk(queue, run, 2, "a", { ...zeroCounts(), read: 10, rejected: 10 });
    await watch.look(queue, [], NOWHERE);
    expect(watch.changesSince(mark)).toEqual([
      [0, "d"],
      [2, "r"],
    ]);
    expect(watch.changesSince(makeRunWatch(run).mark())).toBeNull();
    expect(watch.changesSince(`${mark}9`)).toBeNull();
  });

  it("begins anew once a look has failed, since the ledger may have become an older one", async () => {
    const { queue } = await openDashboard();
    const run = await startRun(queue, 2);
    const watch = makeRunWatch(run);
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 10, migrated: 10 });
    await watch.look(queue, [], NOWHERE);
    expect(watch.letters()).toBe("dw");
    const mark = watch.mark();
    const [kept] = await queue.redis.hmget(`{rehome}:run:${run}`, "frozen");
    await queue.redis.hdel(`{rehome}:run:${run}`, "frozen");
    await expect(watch.look(queue, [], NOWHERE)).rejects.toMatchObject({ code: "unknown-run" });
    await queue.redis.hset(`{rehome}:run:${run}`, "frozen", kept ?? "");
    await queue.redis.del(`{rehome}:run:${run}:chunks`, `{rehome}:run:${run}:changed`);
    await watch.look(queue, [], NOWHERE);
    expect(watch.letters()).toBe("ww");
    expect(watch.changesSince(mark)).toBeNull();
  });

  it("shows every chunk after a look that failed while the changes were still being read", async () => {
    const { queue } = await openDashboard();
    const run = await startRun(queue, 3);
    const watch = makeRunWatch(run);
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 10, migrated: 10 });
    await watch.look(queue, [], NOWHERE);
    await recordChunk(queue, run, 1, "a", { ...zeroCounts(), read: 10, migrated: 10 });
    // Fails at the first answer; the changes of chunks take three.
    await queue.redis.set(`{rehome}:run:${run}:verification`, "no hash");
    await expect(watch.look(queue, [], NOWHERE)).rejects.toMatchObject({ code: "queue-WRONGTYPE" });
    await queue.redis.del(`{rehome}:run:${run}:verification`);
    // Answers come in turn: after a few of these the reader that was left behind has all of its own.
    for (let trip = 0; trip < 10; trip += 1) await queue.redis.ping();
    await watch.look(queue, [], NOWHERE);
    expect(watch.letters()).toBe("ddw");
  });
});

describe("looking", () => {
  it("says so while the queue Redis hangs, and goes on once it answers", async () => {
    const { queue } = await openDashboard();
    const run = await startRun(queue, 1);
    const watch = makeWatch(queue, makeTargetGauge(null), pino({ enabled: false }), 200);
    const looked = (expected: boolean) =>
      new Promise<void>((resolve) => {
        const leave = watch.add({
          run,
          onLook: () => {
            if ((watch.trouble() !== null) !== expected) return;
            leave();
            resolve();
          },
        });
      });
    await looked(false);
    await queue.redis.client("PAUSE", 2_500, "ALL");
    await looked(true);
    expect(watch.trouble()).toBe("queue: the server does not answer");
    expect(watch.of(run)?.letters()).toBe("w");
    await looked(false);
    watch.close();
  });

  it("is held up by no target that does not answer", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const target = openTarget(new URL(`redis://127.0.0.1:${port}`));
    const readGauge = makeTargetGauge(target);
    expect(await readGauge()).toEqual({ unknown: "the target has not answered yet" });
    await target.close();
    silent.close();
  });

  it("costs the queue Redis the same however many watch", async () => {
    const { queue, watch } = await openDashboard();
    const run = await startRun(queue, 3);
    const processed = async () =>
      Number(/total_commands_processed:(\d+)/.exec(await queue.redis.info("stats"))?.[1]);
    /** In the span from one look to the next but one. */
    const commands = async (watchers: number) => {
      const leave: (() => void)[] = [];
      const looks = (number: number) =>
        new Promise<void>((resolve) => {
          let seen = 0;
          leave.push(watch.add({ run, onLook: () => void ((seen += 1) === number && resolve()) }));
        });
      for (let i = 1; i < watchers; i += 1) leave.push(watch.add({ run, onLook: () => undefined }));
      await looks(2);
      const before = await processed();
      await looks(3);
      const after = await processed();
      for (const one of leave) one();
      return after - before;
    };
    const one = await commands(1);
    const many = await commands(200);
    expect(one).toBeGreaterThan(10);
    // A look more or less may fall into the span.
    expect(many).toBeLessThan(one * 2);
  });
});
