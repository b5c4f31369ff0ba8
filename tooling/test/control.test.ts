import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failAt } from "../src/e2e/failpoint.js";
import { type House, until } from "../src/e2e/house.js";
import { addManySessions, addSession } from "../src/e2e/sessions.js";
import { readTarget } from "../src/e2e/target-contents.js";
import { spawnRehome } from "../src/programs.js";
import {
  furnishedHouse,
  liftRate,
  migrate,
  type Status,
  untilEnded,
  type Verification,
} from "./house-fixture.js";

async function slowRun(house: House, rate = 300): Promise<string> {
  const slow = ["--chunk-size", "1000", "--max-rate", String(rate)];
  const { run } = await house.rehomeJson<{ run: string }>(["start", ...slow]);
  await until("sessions are written", async () => (await house.target.dbsize()) > 100);
  return run;
}

describe("rehome pause and resume", () => {
  it("stop every worker within a batch, survive restarts of everything, and lose nothing", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 6_000);
    const worker = await house.startWorker();
    await slowRun(house);
    expect(await house.rehomeJson<Status>(["pause"])).toMatchObject({ phase: "paused" });
    await until("no chunk is active", async () => {
      return (await house.rehomeJson<Status>(["status"])).chunks.active === 0;
    });
    const written = await house.target.dbsize();
    await worker.stop();
    await house.servers.queue.restart();
    await house.startWorker();
    await sleep(1_500);
    expect(await house.target.dbsize()).toBe(written);
    expect(await house.rehomeJson<Status>(["status"])).toMatchObject({ phase: "paused" });
    expect((await house.rehome(["start"])).code).toBe(1);

    expect(await house.rehomeJson<Status>(["resume"])).toMatchObject({ phase: "running" });
    await liftRate(house);
    expect(await untilEnded(house)).toMatchObject({
      phase: "completed",
      sessions: { read: 6_000, migrated: 6_000 },
    });
  });

  it("go on with a plan whose planner was killed", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 1_100);
    const planner = spawnRehome(["start", "--chunk-size", "1", "--order", "id"], {
      ...house.urls,
      ...failAt("after:record-bounds", "SIGKILL"),
    });
    await once(planner, "exit");
    const interrupted = await house.rehomeJson<Status>(["status"]);
    expect(interrupted).toMatchObject({ phase: "planning" });
    expect(interrupted.chunks.total).toBeGreaterThan(0);
    expect(interrupted.chunks.total).toBeLessThan(1_100);
    await addManySessions(house.source, 100, "later-");

    expect(await house.rehomeJson<Status>(["resume"])).toMatchObject({
      phase: "running",
      chunks: { total: 1_200 },
    });
    await house.startWorker({ args: ["--concurrency", "8"] });
    expect(await untilEnded(house)).toMatchObject({
      phase: "completed",
      sessions: { read: 1_200, migrated: 1_200 },
    });
    expect((await readTarget(house.target)).size).toBe(1_200);
  });
});

describe("a paused run", () => {
  it("holds up the verification of another one, which says so and goes on", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 3_000);
    await house.startWorker();
    await migrate(house);
    const { run: first } = await house.rehomeJson<Status>(["status"]);
    const second = await slowRun(house);
    await house.rehomeJson(["pause"]);
    const verifying = house.rehome(["verify", first]);
    await until("it is begun", async () => {
      return (await house.queue.exists(`{rehome}:run:${first}:verification`)) === 1;
    });
    await sleep(1_000);
    await house.rehomeJson(["resume"]);
    const { code, stderr } = await verifying;
    expect(stderr).toContain(`waiting: run ${second} is paused`);
    expect(code).toBe(0);
  });
});

describe("rehome verify", () => {
  it("has no verdict, and exits with 3, where nothing could be compared", async () => {
    const house = await furnishedHouse();
    await house.startWorker();
    await migrate(house);
    const verify = async (...flags: string[]) => await house.rehome(["verify", ...flags]);
    expect(await verify("--json")).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('"ok":null'),
      stderr: expect.stringContaining("nothing was compared"),
    });

    await addManySessions(house.source, 100);
    await migrate(house);
    await house.source.query("UPDATE user_sessions SET expires_at = now() - interval '1 hour'");
    await house.target.del(...(await readTarget(house.target)).keys());
    expect(await verify("--mode", "count")).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^no verdict: 100 sessions checked.*\nnothing was compared/),
    });
    await house.source.query("TRUNCATE user_sessions CASCADE");
    expect(await verify()).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^no verdict: 0 sessions checked.*\nnothing was compared/),
    });
  });

  it("has no verdict where most of the run's sessions are gone, and says how many where a few are", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 100);
    await house.startWorker();
    await migrate(house);
    const ids = [...(await readTarget(house.target)).keys()];
    const remove = async (keys: readonly string[]) => {
      await house.target.del(...keys);
      await house.source.query(
        "DELETE FROM user_sessions WHERE 'session:' || session_id = ANY($1)",
        [keys],
      );
    };
    await remove(ids.slice(0, 5));
    for (const mode of ["count", "sample"])
      expect(await house.rehome(["verify", "--mode", mode])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("\n5 of 100 sessions to look at were no longer found"),
      });
    await remove(ids.slice(5, 70));
    for (const mode of ["count", "sample"])
      expect(await house.rehome(["verify", "--mode", mode])).toMatchObject({
        code: 3,
        stdout: expect.stringMatching(/^no verdict: 30 .*\nonly 30 of 100 sessions/),
      });
  });
});

describe("rehome cancel", () => {
  it("ends a run within a batch, leaves no job, keeps what was written, and lets the next one start", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 6_000);
    await house.startWorker();
    const run = await slowRun(house);
    expect(await house.rehomeJson<Status>(["cancel"])).toMatchObject({ phase: "cancelled" });
    expect(await house.queue.keys(`{rehome}:chunks:${run}-*`)).toEqual([]);
    const written = (await readTarget(house.target)).size;
    await sleep(1_000);
    expect((await readTarget(house.target)).size).toBe(written);
    expect(written).toBeLessThan(6_000);
    expect(await migrate(house)).toMatchObject({
      phase: "completed",
      sessions: { migrated: 6_000 },
    });
    expect((await house.rehome(["cancel", run])).stderr).toMatch(
      /is cancelled and cannot become cancelled/,
    );
  });
});

describe("a slow rate", () => {
  it("keeps no worker from hearing of a pause or a cancel", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 3_000);
    await house.startWorker();
    const slow = ["--chunk-size", "1000", "--max-rate", "1", "--order", "id"];
    const started = await house.rehome(["start", ...slow]);
    expect(started.stderr).toMatch(/chunks of 30 sessions instead of 1000/);
    const written = async () => (await readTarget(house.target)).size;
    await until("one chunk is written", async () => (await written()) === 30);
    expect(await house.rehomeJson<Status>(["cancel"])).toMatchObject({
      phase: "cancelled",
      chunks: { total: 100, active: 0 },
    });
    expect(await house.queue.keys("{rehome}:chunks:2*")).toEqual([]);
    expect(await written()).toBe(30);
  });
});

describe("rehome retry", () => {
  it("takes exactly the rejected sessions, and counts move without doubling", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 500);
    await addSession(house.source, { id: "mended", attributes: { user_id: "x" } });
    await addSession(house.source, { id: "gone", attributes: { email: "x" } });
    await addSession(house.source, { id: "stays", attributes: { theme: "x" } });
    await addSession(house.source, { id: "a string" });
    await house.target.set("session:a string", "x");
    await house.startWorker();
    const first = await migrate(house, "--chunk-size", "100");
    expect(first.sessions).toMatchObject({ read: 504, migrated: 500, rejected: 4 });

    await house.source.query("DELETE FROM session_data WHERE session_id = 'mended'");
    await house.source.query("DELETE FROM user_sessions WHERE session_id = 'gone'");
    await house.target.del("session:a string");
    // Others are not written again.
    const [other] = [...(await readTarget(house.target)).keys()];
    await house.target.del(other as string);

    const status = await house.rehomeJson<Status>(["retry", "--wait"], [3]);
    expect(status).toMatchObject({
      phase: "completed",
      chunks: { failed: 0, waiting: 0 },
      sessions: { read: 503, migrated: 502, rejected: 1 },
    });
    expect(await house.target.exists("session:mended", "session:a string")).toBe(2);
    expect(await house.target.exists(other as string)).toBe(0);
    const rejects = await house.rehomeJson<{ code: string; attempts: number }[]>(["rejects"]);
    expect(rejects).toMatchObject([{ code: "field-collision", attempts: 2 }]);
    const { stdout } = await house.rehome(["rejects"]);
    expect(stdout).toMatch(/^field-collision: 1\n {2}[0-9a-f]{12} {2}chunk \d/);
  });

  it("takes the chunks that failed, once their cause is mended", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 300);
    await house.rehomeJson(["start", "--chunk-size", "100"]);
    await house.rehomeJson(["pause"]);
    await house.startWorker();
    await house.source.query("ALTER TABLE session_data RENAME TO elsewhere");
    await house.rehomeJson(["resume"]);
    // The closing chunk, which is copied all the same, has found nothing.
    expect(await untilEnded(house)).toMatchObject({
      phase: "failed",
      chunks: { failed: 3, done: 1 },
    });
    await house.source.query("ALTER TABLE elsewhere RENAME TO session_data");
    expect(await house.rehomeJson<Status>(["retry", "--wait"])).toMatchObject({
      phase: "completed",
      chunks: { total: 4, done: 4, failed: 0 },
      sessions: { read: 300, migrated: 300 },
    });
    expect(await house.rehomeJson<Verification>(["verify"])).toMatchObject({
      matched: 300,
      ok: true,
    });
  });
});

describe("rehome start", () => {
  it("leaves no marker in the target where the queue Redis refuses to hold a run", async () => {
    const house = await furnishedHouse();
    await house.queue.replicaof("127.0.0.1", 1);
    const { code, stderr } = await house.rehome(["start"]);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("READONLY"),
    });
    expect(await house.target.keys("*")).toEqual([]);
  });
});

describe("rehome forget", () => {
  it("works without the target, whose marker expires by itself", async () => {
    const house = await furnishedHouse();
    const { run } = await house.rehomeJson<{ run: string }>(["start"]);
    await house.rehome(["cancel", run]);
    await house.servers.target.stop();
    const { code, stderr } = await house.rehome(["forget", run]);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("stays in the target until it expires"),
    });
    expect(await house.queue.keys(`*${run}*`)).toEqual([]);
  });

  it("deletes what the queue Redis holds of a run, and only once it has ended", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 100);
    const { run } = await house.rehomeJson<{ run: string }>(["start"]);
    expect((await house.rehome(["forget", run])).stderr).toMatch(/rehome cancel/);
    await house.startWorker();
    await untilEnded(house);
    expect(await house.target.keys(`*${run}*`)).toEqual([`rehome:marker:${run}`]);
    expect((await house.rehome(["forget", run])).code).toBe(0);
    expect(await house.queue.keys(`*${run}*`)).toEqual([]);
    expect(await house.target.keys(`*${run}*`)).toEqual([]);
    expect(await house.rehomeJson(["runs"])).toEqual([]);
    expect((await readTarget(house.target)).size).toBe(100);
  });
});
