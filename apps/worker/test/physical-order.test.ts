import { readStatus } from "@rehome/queue";
import { describe, expect, it, vi } from "vitest";
import { enqueue, newPhysicalRun, startWork, useScene, work } from "./worker-fixture.js";

const scene = useScene();

const CLOSING = 1;

describe("a closing chunk", () => {
  it("that is taken too early is put off, uses up no attempt, and reads what moved meanwhile", async () => {
    const run = await newPhysicalRun(scene);
    await enqueue(scene, run, 1, CLOSING);
    const working = startWork(scene);
    await vi.waitFor(async () => expect(await scene.queue.jobs.getDelayedCount()).toBe(1), {
      timeout: 10_000,
    });
    expect(await scene.queue.jobs.getJob(`${run}-copy-${CLOSING}`)).toMatchObject({
      attemptsMade: 0,
    });
    expect((await readStatus(scene.queue, run)).chunks).toMatchObject({ done: 0, failed: 0 });
    await scene.client.query(
      "UPDATE user_sessions SET user_agent = 'newer' WHERE session_id = (SELECT min(session_id) FROM user_sessions)",
    );
    await enqueue(scene, run, 1);
    await working.until(2);
    await working.close();
    expect(working.ends).toEqual(["completed", "completed"]);
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "completed",
      chunks: { total: 2, done: 2, failed: 0 },
      sessions: { planned: 101, read: 101 },
      notice: expect.stringMatching(/^1 sessions were written to the source while the run went on/),
    });
  });
});

describe("a source", () => {
  it.each(["VACUUM FULL user_sessions", "TRUNCATE user_sessions CASCADE"])(
    "that was rewritten stops the run with a notice, and no chunk fails: %s",
    async (rewrite) => {
      const run = await newPhysicalRun(scene);
      await scene.client.query(rewrite);
      await enqueue(scene, run, 1);
      expect(await work(scene, 1)).toEqual(["completed"]);
      expect(await readStatus(scene.queue, run)).toMatchObject({
        phase: "failed",
        chunks: { waiting: 2, done: 0, failed: 0 },
        notice: expect.stringMatching(
          /^stopped: source: the sessions' table was rewritten .*Start a new run/,
        ),
      });
    },
  );

  it("that is behind the plan is waited for, uses up no attempt, and is read once it has caught up", async () => {
    const run = await newPhysicalRun(scene, 5);
    await enqueue(scene, run, 1);
    const working = startWork(scene);
    await vi.waitFor(
      async () => {
        expect((await readStatus(scene.queue, run)).notice).toContain(
          "waiting: source: this server has not yet seen what was there when the run was planned",
        );
        expect(await scene.queue.jobs.getDelayedCount()).toBe(1);
      },
      { timeout: 10_000 },
    );
    expect(await scene.queue.jobs.getJob(`${run}-copy-0`)).toMatchObject({ attemptsMade: 0 });
    expect(await scene.targetClient.keys("session:*")).toEqual([]);
    // As many transactions as it lacked.
    for (let i = 0; i < 5; i += 1) await scene.client.query("SELECT txid_current()");
    await working.until(2);
    await working.close();
    expect(working.ends).toEqual(["completed", "completed"]);
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "completed",
      sessions: { read: 100 },
      notice: null,
    });
  });
});
