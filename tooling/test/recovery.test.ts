import { describe, expect, it } from "vitest";
import { until } from "../src/e2e/house.js";
import { addManySessions } from "../src/e2e/sessions.js";
import { readTarget } from "../src/e2e/target-contents.js";
import {
  furnishedHouse,
  liftRate,
  migrate,
  type Status,
  untilEnded,
  type Verification,
} from "./house-fixture.js";

const ADDS_UP = (status: Status) => {
  const { read, migrated, kept, expired, rejected } = status.sessions;
  expect(migrated + kept + expired + rejected).toBe(read);
  const { total, waiting, active, done, failed } = status.chunks;
  expect(waiting + active + done + failed).toBe(total);
};

describe("a worker", () => {
  it("killed in mid-chunk loses nothing, and nothing is counted twice", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 6_000);
    const victim = await house.startWorker();
    // Slow enough for the kill to meet a chunk half done.
    const { run } = await house.rehomeJson<{ run: string }>([
      "start",
      "--chunk-size",
      "2000",
      "--max-rate",
      "1500",
    ]);
    await until("a part of a chunk is written", async () => (await house.target.dbsize()) > 100);
    const status = await house.rehomeJson<Status>(["status", run]);
    expect(status.chunks.active).toBeGreaterThan(0);
    ADDS_UP(status);
    process.kill(victim.pid, "SIGKILL");

    await house.startWorker();
    await liftRate(house);
    const ended = await until(
      "the run has ended",
      async () => {
        const now = await house.rehomeJson<Status>(["status", run]);
        ADDS_UP(now);
        return now.phase === "completed" && now;
      },
      40_000,
    );
    expect(ended.sessions).toMatchObject({ planned: 6_000, read: 6_000, migrated: 6_000 });
    expect((await readTarget(house.target)).size).toBe(6_000);
    expect(await house.rehomeJson<Verification>(["verify", "--mode", "count"])).toMatchObject({
      checked: 6_000,
      matched: 6_000,
      missing: 0,
      extra: 0,
      ok: true,
    });
  });

  it("told to stop gives back what it cannot finish in time, and uses up no attempt", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 3_000);
    const worker = await house.startWorker({ args: ["--stop-timeout", "200"] });
    const { run } = await house.rehomeJson<{ run: string }>([
      "start",
      "--chunk-size",
      "3000",
      "--max-rate",
      "600",
    ]);
    await until("a part of the chunk is written", async () => (await house.target.dbsize()) > 100);
    process.kill(worker.pid, "SIGTERM");
    expect(await worker.ended(10_000)).toMatchObject({ code: 0 });
    expect(await house.rehomeJson<Status>(["status", run])).toMatchObject({
      phase: "running",
      chunks: { done: 0, active: 0, failed: 0 },
    });
    const job = `{rehome}:chunks:${run}-copy-0`;
    expect(await house.queue.hget(job, "atm")).toBeNull();
    expect(await house.queue.hget(job, "failedReason")).toBeNull();
  });

  it("finds a chunk whose job was lost", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 500);
    await house.rehomeJson(["start", "--chunk-size", "100"]);
    const jobs = await house.queue.keys("{rehome}:chunks:*");
    await house.queue.del(...jobs);
    await house.startWorker();
    expect(await untilEnded(house)).toMatchObject({ phase: "completed" });
    expect((await readTarget(house.target)).size).toBe(500);
  });

  it("connected to another target refuses the run's chunks, and another one takes them", async () => {
    const house = await furnishedHouse();
    const other = await furnishedHouse();
    await addManySessions(house.source, 100);
    await house.startWorker({ environment: { TARGET_URL: other.urls["TARGET_URL"] as string } });
    const { run } = await house.rehomeJson<{ run: string }>(["start"]);
    await until("the worker has refused", async () => {
      const { notice } = await house.rehomeJson<Status>(["status", run]);
      return notice?.includes("TARGET_URL");
    });
    expect(await other.target.dbsize()).toBe(0);
    await house.startWorker();
    expect(await untilEnded(house)).toMatchObject({ phase: "completed" });
    expect(await other.target.dbsize()).toBe(0);
  });

  it("connected to another source refuses the run's chunks", async () => {
    const house = await furnishedHouse();
    const other = await furnishedHouse();
    await addManySessions(house.source, 100);
    await addManySessions(other.source, 100, "other-");
    await house.startWorker({ environment: { SOURCE_URL: other.urls["SOURCE_URL"] as string } });
    const { run } = await house.rehomeJson<{ run: string }>(["start"]);
    await until("the worker has refused", async () => {
      const { notice } = await house.rehomeJson<Status>(["status", run]);
      return notice?.includes("SOURCE_URL");
    });
    expect((await readTarget(house.target)).size).toBe(0);
  });
});

describe("a target", () => {
  it("emptied in mid-run stops the run with a notice", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 4_000);
    await house.startWorker();
    const { run } = await house.rehomeJson<{ run: string }>([
      "start",
      "--chunk-size",
      "500",
      "--max-rate",
      "1000",
    ]);
    await until("sessions are written", async () => (await house.target.dbsize()) > 100);
    await house.target.flushall();
    const status = await until("the run has stopped", async () => {
      const now = await house.rehomeJson<Status>(["status", run]);
      return now.phase === "failed" && now;
    });
    expect(status.notice).toMatch(/target was emptied/);
    expect((await house.rehome(["start"])).code).toBe(0);
  });

  it("restarted with its data in mid-run is waited for", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 3_000);
    await house.startWorker();
    await house.rehomeJson(["start", "--chunk-size", "500", "--max-rate", "1500"]);
    await until("sessions are written", async () => (await house.target.dbsize()) > 100);
    await house.servers.target.restart();
    await liftRate(house);
    expect(await untilEnded(house)).toMatchObject({
      phase: "completed",
      sessions: { migrated: 3_000 },
    });
    expect((await readTarget(house.target)).size).toBe(3_000);
  });
});

describe("verifying", () => {
  it("finds what is missing, what differs and what is extra", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 300);
    await house.startWorker();
    await migrate(house, "--chunk-size", "50");
    expect(await house.rehomeJson<Verification>(["verify", "--sample", "300"])).toMatchObject({
      mode: "sample",
      checked: 300,
      matched: 300,
      missing: 0,
      mismatched: 0,
      extra: null,
      ok: true,
    });

    const keys = [...(await readTarget(house.target)).keys()] as [
      string,
      string,
      string,
      string,
      string,
    ];
    await house.target.del(keys[0]);
    await house.target.hset(keys[1], "cart_json", "other");
    await house.target.pexpire(keys[2], 1_000_000);
    await house.target.hset(keys[3], "more", "than there was");
    await house.target.hset(keys[4], "last_activity_at", "9999-01-01T00:00:00.000000Z");
    expect(await house.rehomeJson<Verification>(["verify", "--sample", "300"], [3])).toMatchObject({
      checked: 300,
      matched: 295,
      missing: 1,
      mismatched: 3,
      kept: 1,
      ok: false,
    });

    await house.target.hset("session:nobody's", "user_id", "1");
    expect(await house.rehomeJson<Verification>(["verify", "--mode", "count"], [3])).toMatchObject({
      mode: "count",
      checked: 300,
      matched: 299,
      missing: 1,
      mismatched: null,
      extra: 1,
      ok: false,
    });
  });

  it("takes a sample of the size asked for, spread over the chunks", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 300);
    await house.startWorker();
    await migrate(house, "--chunk-size", "10");
    for (const sample of ["7", "30", "100"]) {
      expect(await house.rehomeJson<Verification>(["verify", "--sample", sample])).toMatchObject({
        checked: Number(sample),
        matched: Number(sample),
      });
    }
  });
});
