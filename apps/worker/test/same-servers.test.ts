import { readHoldUp, readStatus, readVerification, startVerification } from "@rehome/queue";
import { openSource, seedReferenceSchema } from "@rehome/source";
import { openTarget, type Target } from "@rehome/target";
import type pg from "pg";
import { describe, expect, inject, it, vi } from "vitest";
import { enqueue, newRun, startWork, useScene, work } from "./worker-fixture.js";

const scene = useScene();

const untilNotice = async (run: Parameters<typeof readStatus>[1], notice: RegExp) =>
  await vi.waitFor(
    async () => expect((await readStatus(scene.queue, run)).notice).toMatch(notice),
    { timeout: 10_000 },
  );

describe("a worker that never saw the run's marker", () => {
  it("refuses a target at the run's own address, and leaves the run to others", async () => {
    const run = await newRun(scene);
    await enqueue(scene, run, 1);
    // A host name that leads to another server on this worker's machine.
    const other = openTarget(new URL(inject("queueUrl")));
    const { address } = await scene.target.identity();
    const stranger: Target = {
      ...other,
      identity: async () => ({ ...(await other.identity()), address }),
    };
    const working = startWork(scene, { target: stranger });
    await untilNotice(run, /another target than the run's.*TARGET_URL/);
    expect(await readStatus(scene.queue, run)).toMatchObject({ phase: "running" });
    await working.close();
    await other.close();
    await (await scene.queue.jobs.getJob(`${run}-copy-0`))?.promote();
    expect(await work(scene, 1)).toEqual(["completed"]);
    expect(await readStatus(scene.queue, run)).toMatchObject({ phase: "completed", notice: null });
  });

  it("stops the run where the run's own server has lost it", async () => {
    const run = await newRun(scene);
    await enqueue(scene, run, 1);
    await scene.targetClient.flushall();
    await work(scene, 1);
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "failed",
      notice: expect.stringMatching(/target was emptied/),
    });
  });
});

describe("a worker that saw the run's marker", () => {
  it("stops the run when it is gone, also where the server was restarted", async () => {
    const run = await newRun(scene);
    await enqueue(scene, run, 1);
    const restarted: Target = {
      ...scene.target,
      load: async (sessions, options) => {
        const results = await scene.target.load(sessions, options);
        await scene.targetClient.flushall();
        return results;
      },
      identity: async () => ({ ...(await scene.target.identity()), runId: "of another process" }),
    };
    await work(scene, 1, { target: restarted });
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "failed",
      notice: expect.stringMatching(/target was emptied/),
    });
  });
});

describe("a source", () => {
  it("whose tables were restored between two runs is known again, without a restart of the worker", async () => {
    const first = await newRun(scene);
    await enqueue(scene, first, 1);
    const working = startWork(scene);
    await working.until(1);
    await scene.client.query(
      "DROP TABLE users, user_sessions, session_data, user_preferences CASCADE",
    );
    await seedReferenceSchema(new URL(inject("postgresUrl")), { users: 5, sessions: 100, seed: 2 });
    const second = await newRun(scene);
    await enqueue(scene, second, 1);
    await working.until(2);
    await working.close();
    expect(await readStatus(scene.queue, second)).toMatchObject({
      phase: "completed",
      sessions: { read: 100 },
    });
  });

  it("that another database replaces in mid-run is refused with a notice, by verification as well", async () => {
    const name = `source_${process.pid}`;
    const url = new URL(`/${name}`, inject("postgresUrl"));
    const seed = { users: 5, sessions: 100, seed: 1 };
    await scene.client.query(`CREATE DATABASE ${name}`);
    await seedReferenceSchema(url, seed);
    await scene.client.query(`CREATE DATABASE ${name}_other`);
    await seedReferenceSchema(new URL(`${url.href}_other`), seed);
    const source = openSource(url);
    try {
      const run = await newRun({ ...scene, source });
      const working = startWork(scene, { source });
      await enqueue(scene, run, 1);
      await working.until(1);
      const next = await newRun({ ...scene, source });
      await replaceDatabase(scene.client, name, `${name}_other`);
      await enqueue(scene, next, 1);
      await untilNotice(next, /another source than the run's.*SOURCE_URL/);
      expect((await readStatus(scene.queue, next)).sessions.read).toBe(0);

      await startVerification(scene.queue, run, { mode: "count", sample: 0 });
      await vi.waitFor(
        async () => {
          const verification = await readVerification(scene.queue, run);
          expect(verification && (await readHoldUp(scene.queue, verification))).toMatch(
            /another source than the run's/,
          );
        },
        { timeout: 10_000 },
      );
      await working.close();
      expect(working.ends).toEqual(["completed"]);
    } finally {
      await source.close();
      for (const left of [name, `${name}_other`, `${name}_before`])
        await scene.client.query(`DROP DATABASE IF EXISTS ${left} WITH (FORCE)`);
    }
  });
});

/** The address leads to another database from now on, whoever was connected. */
async function replaceDatabase(client: pg.Client, name: string, by: string): Promise<void> {
  const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY ($1)";
  await client.query(end, [[name, by]]);
  await client.query(`ALTER DATABASE ${name} RENAME TO ${name}_before`);
  await client.query(`ALTER DATABASE ${by} RENAME TO ${name}`);
}
