import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { failAt, writeSteps } from "../src/e2e/failpoint.js";
import { until } from "../src/e2e/house.js";
import { addManySessions, addSession } from "../src/e2e/sessions.js";
import { type Environment, spawnRehome } from "../src/programs.js";
import {
  expectCompleted,
  expectMoved,
  furnishedHouse,
  migrate,
  readStatus,
  startSlowly,
  type Status,
} from "./house-fixture.js";

/** Every point that a program came by, so that a step which is added is tried as well. */
async function pointsOf(work: (environment: Environment) => Promise<unknown>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "rehome-steps-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "steps");
  await work(writeSteps(file));
  return [...new Set((await readFile(file, "utf8")).trim().split("\n"))];
}

describe("kill -9 of a worker", () => {
  it("before and after each of its steps loses nothing, and nothing is counted twice", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 1_500);
    await addSession(house.source, { id: "rejected", attributes: { user_id: "x" } });
    const points = await pointsOf(async (environment) => {
      const worker = await house.startWorker({ environment });
      await migrate(house, "--chunk-size", "500");
      await worker.stop();
    });
    for (const step of ["extract", "load", "stage", "record", "finalize"]) {
      expect(points).toContain(`before:${step}`);
      expect(points).toContain(`after:${step}`);
    }
    await house.rehomeJson(["start", "--chunk-size", "30"]);
    for (const point of points) {
      const doomed = await house.startWorker({
        args: ["--concurrency", "1"],
        environment: failAt(point, "SIGKILL"),
      });
      expect(await doomed.ended(20_000), point).toMatchObject({ signal: "SIGKILL" });
    }
    await house.startWorker();
    await expectCompleted(house, { planned: 1_501, read: 1_501, rejected: 1 });
  });

  it("with the same chunk in hand five times in a row leaves the chunk to the sixth", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 300);
    const { run } = await house.rehomeJson<{ run: string }>(["start"]);
    for (let time = 1; time <= 5; time += 1) {
      const doomed = await house.startWorker({ environment: failAt("before:record", "SIGKILL") });
      expect(await doomed.ended(20_000)).toMatchObject({ signal: "SIGKILL" });
    }
    expect(await readStatus(house, run)).toMatchObject({ chunks: { done: 0, failed: 0 } });
    await house.startWorker();
    await expectCompleted(house, { read: 300, migrated: 300 });
  });
});

describe("kill -9 of a planner", () => {
  it("before and after each of its steps leaves a run that resume takes to its end, or none", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 200);
    await house.startWorker();
    const start = ["start", "--chunk-size", "20"];
    const points = await pointsOf((environment) => house.rehome(start, environment));
    await expectCompleted(house);
    for (const step of ["create-run", "record-bounds", "enqueue", "close-plan"]) {
      expect(points).toContain(`before:${step}`);
      expect(points).toContain(`after:${step}`);
    }
    for (const point of points) {
      const doomed = spawnRehome(start, { ...house.urls, ...failAt(point, "SIGKILL") });
      expect((await once(doomed, "exit"))[1], point).toBe("SIGKILL");
      const run = await house.queue.get("{rehome}:active");
      if (run === null) continue;
      const phase = await house.queue.hget(`{rehome}:run:${run}`, "phase");
      if (phase === "planning") {
        // As if its lease had run out: nobody is at work at the plan.
        await house.queue.del(`{rehome}:run:${run}:planner`);
        expect((await readStatus(house, run)).notice).toContain(`rehome resume ${run}`);
        await house.rehomeJson(["resume", run]);
      }
      await expectCompleted(house, { planned: 200, read: 200 });
    }
  });

  it("lets resume go on with the plan once its lease has run out", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 200);
    await house.startWorker();
    const planner = spawnRehome(["start", "--chunk-size", "20", "--order", "id"], {
      ...house.urls,
      ...failAt("after:record-bounds", "SIGKILL", 2),
    });
    await once(planner, "exit");
    expect(await house.rehomeJson<Status>(["resume"])).toMatchObject({ chunks: { total: 10 } });
    await expectCompleted(house, { read: 200 });
  });

  it("stopped for longer than its lease harms no plan that another has gone on with", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 500);
    await house.startWorker();
    const planner = spawnRehome(["start", "--chunk-size", "20", "--order", "id"], {
      ...house.urls,
      ...failAt("before:record-bounds", "SIGSTOP", 3),
    });
    const ended = once(planner, "exit");
    const run = await until("it is stopped", async () => {
      const active = await house.queue.get("{rehome}:active");
      return (
        active !== null && (await readStatus(house, active)).notice?.includes("resume") && active
      );
    });
    // What another plans differs from what it was about to write.
    await addManySessions(house.source, 500, "later-");
    await house.rehomeJson(["resume", run]);
    planner.kill("SIGCONT");
    expect((await ended)[0]).toBe(1);
    await expectCompleted(house, { planned: 1_000, read: 1_000 });
  });
});

describe("kill -9 of a dashboard", () => {
  it("does nothing to the run, and the next one shows the same", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 2_000);
    await house.startWorker();
    const first = await house.startDashboard();
    const run = await startSlowly(house);
    first.signal("SIGSTOP");
    first.signal("SIGKILL");
    expect(await first.ended(10_000)).toMatchObject({ signal: "SIGKILL" });
    const second = await house.startDashboard();
    const status = await expectCompleted(house, { read: 2_000 });
    expect(await (await fetch(`${second.url}api/runs/${run}`)).json()).toEqual(status);
    await expectMoved(house);
  });
});
