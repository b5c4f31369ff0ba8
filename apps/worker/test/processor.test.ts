import { RehomeError } from "@rehome/core";
import {
  enqueueChunks,
  readStatus,
  readVerification,
  finalizeRun,
  startVerification,
} from "@rehome/queue";
import { openSource } from "@rehome/source";
import { openTarget, type Target } from "@rehome/target";
import { describe, expect, inject, it, vi } from "vitest";
import { enqueue, newRun, startWork, useScene, work } from "./worker-fixture.js";

const scene = useScene();

describe("a chunk job", () => {
  it("that cannot succeed fails at once, and with the last chunk the run", async () => {
    const run = await newRun(scene);
    await scene.client.query("ALTER TABLE session_data RENAME TO elsewhere");
    await enqueue(scene, run, 5);
    expect(await work(scene, 1)).toEqual(["source-42P01:table-missing"]);
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "failed",
      chunks: { failed: 1, done: 0 },
    });
    expect((await scene.queue.jobs.getJob(`${run}-copy-0`))?.attemptsMade).toBe(1);
  });

  it("that may succeed later is tried again until its attempts are used up", async () => {
    const run = await newRun(scene);
    const flaky: Target = {
      ...scene.target,
      load: () => Promise.reject(new RehomeError("odd", "target: odd", { retryable: true })),
    };
    await enqueue(scene, run, 3);
    expect(await work(scene, 3, { target: flaky })).toEqual(["odd", "odd", "odd"]);
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "failed",
      chunks: { failed: 1 },
    });
  });

  it("whose statement was cancelled is tried again, and says so for as long as it holds up the run or its verification", async () => {
    const run = await newRun(scene);
    await scene.client.query(`
      ALTER TABLE session_data RENAME TO elsewhere;
      CREATE VIEW session_data AS SELECT elsewhere.* FROM elsewhere, pg_sleep(0.5)`);
    const cancel = async () => {
      const { rowCount } = await scene.client.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'rehome' AND wait_event = 'PgSleep'",
      );
      expect(rowCount).toBe(1);
    };
    const said = "trying chunk 0 again: source: the statement was cancelled or timed out (57014)";
    const working = startWork(scene);
    await enqueue(scene, run, 2);
    await vi.waitFor(cancel, { timeout: 10_000 });
    await vi.waitFor(async () => expect((await readStatus(scene.queue, run)).notice).toBe(said));
    await working.until(2);
    expect(await readStatus(scene.queue, run)).toMatchObject({ phase: "completed", notice: null });

    await startVerification(scene.queue, run, { mode: "sample", sample: 100 });
    await vi.waitFor(cancel, { timeout: 10_000 });
    await vi.waitFor(async () =>
      expect((await readVerification(scene.queue, run))?.waiting).toBe(said),
    );
    await working.close();
    await scene.client.query("DROP VIEW session_data");
  }, 30_000);

  it.each([
    ["target", "redis://127.0.0.1:1", "target: nothing listens there (ECONNREFUSED)"],
    ["source", "postgres://127.0.0.1:1/x", "source: nothing listens there (ECONNREFUSED)"],
  ])("whose %s is away waits, says so and uses up no attempt", async (side, url, reason) => {
    const run = await newRun(scene);
    const away =
      side === "target"
        ? { target: openTarget(new URL(url)) }
        : { source: openSource(new URL(url)) };
    await enqueue(scene, run, 1);
    const working = startWork(scene, away);
    await vi.waitFor(
      async () => {
        expect((await readStatus(scene.queue, run)).notice).toContain(`waiting: ${reason}`);
        expect(await scene.queue.jobs.getDelayedCount()).toBe(1);
      },
      { timeout: 10_000 },
    );
    expect(await scene.queue.jobs.getJob(`${run}-copy-0`)).toMatchObject({ attemptsMade: 0 });
    await working.close();
    expect(working.ends).toEqual([]);
    expect(await work(scene, 1)).toEqual(["completed"]);
    expect(await readStatus(scene.queue, run)).toMatchObject({ phase: "completed", notice: null });
    await away.target?.close();
    await away.source?.close();
  });

  it("whose run is lost with the queue's data leaves nothing behind", async () => {
    const run = await newRun(scene);
    await enqueue(scene, run, 3);
    const forgetful: Target = {
      ...scene.target,
      load: async (entries, options) => {
        await scene.queue.redis.flushall();
        return await scene.target.load(entries, options);
      },
    };
    const working = startWork(scene, { target: forgetful });
    await vi.waitFor(() => expect(scene.lines.join("")).toMatch(/chunk (left alone|done)/), {
      timeout: 10_000,
    });
    await working.close();
    expect(await scene.queue.redis.keys("{rehome}:run*")).toEqual([]);
  });

  it("whose reply was lost after the write counts once when it is done again", async () => {
    const run = await newRun(scene);
    let calls = 0;
    const flaky: Target = {
      ...scene.target,
      load: async (entries, options) => {
        const results = await scene.target.load(entries, options);
        calls += 1;
        if (calls === 1) throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
        return results;
      },
    };
    await enqueue(scene, run, 3);
    expect((await work(scene, 2, { target: flaky })).at(-1)).toBe("completed");
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "completed",
      sessions: { read: 100, migrated: 95, expired: 5 },
    });
    expect(await scene.targetClient.keys("session:*")).toHaveLength(95);
  });

  it("of a run that another version of Rehome has started is left to others, with a reason and no attempt used up", async () => {
    const run = await newRun(scene);
    await scene.queue.redis.hset(`{rehome}:run:${run}`, "format", "1");
    await enqueue(scene, run, 1);
    const working = startWork(scene);
    await vi.waitFor(
      async () => {
        expect((await readStatus(scene.queue, run)).notice).toContain(
          `waiting: run ${run} was started by another version of Rehome`,
        );
        expect(await scene.queue.jobs.getDelayedCount()).toBe(1);
      },
      { timeout: 10_000 },
    );
    await working.close();
    expect(working.ends).toEqual([]);
    expect((await scene.queue.jobs.getJob(`${run}-copy-0`))?.attemptsMade).toBe(0);
    expect(await scene.targetClient.keys("session:*")).toEqual([]);
  });

  it("is left to others where row-level security may hide rows from this worker's user, and no row is copied", async () => {
    const run = await newRun(scene);
    await scene.client.query(`
      DROP ROLE IF EXISTS filtered; CREATE ROLE filtered LOGIN PASSWORD 'x';
      GRANT SELECT ON ALL TABLES IN SCHEMA public TO filtered;
      ALTER TABLE user_sessions ENABLE ROW LEVEL SECURITY;
      CREATE POLICY few ON user_sessions TO filtered USING (user_id = 1)`);
    const url = new URL(inject("postgresUrl"));
    [url.username, url.password] = ["filtered", "x"];
    const filtered = openSource(url);
    await enqueue(scene, run, 1);
    const working = startWork(scene, { source: filtered });
    await vi.waitFor(
      async () => {
        expect((await readStatus(scene.queue, run)).notice).toContain(
          "waiting: source: row-level security may hide rows from the user (RLS)",
        );
        expect(await scene.queue.jobs.getDelayedCount()).toBe(1);
      },
      { timeout: 10_000 },
    );
    await working.close();
    await filtered.close();
    await scene.client.query("DROP OWNED BY filtered; DROP ROLE filtered");
    expect(working.ends).toEqual([]);
    expect((await scene.queue.jobs.getJob(`${run}-copy-0`))?.attemptsMade).toBe(0);
    expect(await scene.targetClient.keys("session:*")).toEqual([]);
    expect(await work(scene, 1)).toEqual(["completed"]);
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "completed",
      notice: null,
      sessions: { read: 100 },
    });
  }, 20_000);

  it("of another shape than ours is refused, and harms no run", async () => {
    const run = await newRun(scene);
    await scene.queue.jobs.add("copy", { run: "canary", chunk: 0 } as never, { attempts: 3 });
    await scene.queue.jobs.add("steal", { run, chunk: 0 }, { attempts: 3 });
    for (const end of await work(scene, 2)) expect(end).toBe("malformed-job");
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "running",
      chunks: { failed: 0, waiting: 1 },
    });
    expect(scene.lines.join("")).not.toContain("canary");
  });

  it("of a chunk that is done already leaves it alone, and still finalizes the run", async () => {
    const run = await newRun(scene);
    await enqueueChunks(scene.queue, run, "copy", [0]);
    await work(scene, 1);
    // As if the worker had died after recording, before finalizing.
    await scene.queue.redis.hset(`{rehome}:run:${run}`, "phase", "running");
    await scene.queue.jobs.remove(`${run}-copy-0`);
    await enqueueChunks(scene.queue, run, "copy", [0]);
    const [first = ""] = await scene.targetClient.keys("session:*");
    await scene.targetClient.del(first);
    expect(await work(scene, 1)).toEqual(["completed"]);
    expect(await scene.targetClient.exists(first)).toBe(0);
    expect(await finalizeRun(scene.queue, run)).toBe("completed");
  });

  it("of a verification whose place a newer one takes is done for that one", async () => {
    const run = await newRun(scene);
    await enqueueChunks(scene.queue, run, "copy", [0]);
    await work(scene, 1);
    let begun = 0;
    const overtaken: Target = {
      ...scene.target,
      arePresent: async (ids, keyPrefix) => {
        begun += 1;
        if (begun === 1) await startVerification(scene.queue, run, { mode: "count", sample: 0 });
        return await scene.target.arePresent(ids, keyPrefix);
      },
    };
    await startVerification(scene.queue, run, { mode: "count", sample: 0 });
    await work(scene, 2, { target: overtaken });
    expect(begun).toBe(2);
    expect(await readVerification(scene.queue, run)).toMatchObject({
      total: 2,
      done: 2,
      counts: { checked: 100, matched: 95, expired: 5, extra: 0 },
    });
  });

  it("logs run, chunk, counts and time, and no session", async () => {
    const run = await newRun(scene);
    await enqueue(scene, run, 1);
    await work(scene, 1);
    const logged = scene.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged.find(({ msg }) => msg === "chunk done")).toMatchObject({
      run,
      kind: "copy",
      chunk: 0,
      counts: { read: 100 },
      ms: expect.any(Number),
    });
    const { rows } = await scene.client.query<{ id: string }>(
      "SELECT session_id AS id FROM user_sessions",
    );
    for (const { id } of rows) expect(scene.lines.join("")).not.toContain(id);
  });
});

describe("an attempt that a retry of the run overtakes", () => {
  it.each(["record", "fail"])("does not %s its chunk, and looks at it again", async (end) => {
    const run = await newRun(scene);
    await enqueue(scene, run, 1);
    let loads = 0;
    const frozen: Target = {
      ...scene.target,
      load: async (sessions, options) => {
        loads += 1;
        // As if the run had ended and been taken back to work by `rehome retry` meanwhile.
        if (loads === 1) await scene.queue.redis.hincrby(`{rehome}:run:${run}`, "generation", 1);
        if (loads === 1 && end === "fail") throw new RehomeError("odd", "target: odd");
        return await scene.target.load(sessions, options);
      },
    };
    expect(await work(scene, 1, { target: frozen })).toEqual(["completed"]);
    expect(loads).toBe(2);
    expect(await readStatus(scene.queue, run)).toMatchObject({
      phase: "completed",
      sessions: { read: 100, migrated: 95 },
    });
  });
});
