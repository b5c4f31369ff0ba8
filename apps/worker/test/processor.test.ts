import {
  completeMapping,
  defaultStore,
  mappingSchema,
  newRunId,
  RehomeError,
  type RunId,
} from "@rehome/core";
import {
  closePlan,
  createRun,
  enqueueChunks,
  openQueue,
  type QueueConnection,
  readStatus,
  readVerification,
  finalizeRun,
  startVerification,
} from "@rehome/queue";
import { openSource, seedReferenceSchema, type Source } from "@rehome/source";
import { openTarget, type Target } from "@rehome/target";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { makeProcessor } from "../src/processor.js";

let queue: QueueConnection;
let source: Source;
let target: Target;
let targetClient: Redis;
let client: pg.Client;
let lines: string[];

const mapping = completeMapping(mappingSchema.parse({}), defaultStore);

beforeEach(async () => {
  queue = await openQueue(new URL(inject("queueUrl")), { patient: true });
  await queue.redis.flushall();
  targetClient = new Redis(inject("targetUrl"));
  await targetClient.flushall();
  client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  await client.query(
    "DROP TABLE IF EXISTS users, user_sessions, session_data, user_preferences, elsewhere CASCADE",
  );
  await seedReferenceSchema(new URL(inject("postgresUrl")), { users: 5, sessions: 100, seed: 1 });
  source = openSource(new URL(inject("postgresUrl")));
  target = openTarget(new URL(inject("targetUrl")));
  lines = [];
});

afterEach(async () => {
  await source.close();
  await target.close();
  await client.end();
  targetClient.disconnect();
  await queue.close();
});

/** A run of one chunk, without its job. */
async function newRun(): Promise<RunId> {
  const id = newRunId(new Date());
  const token = await target.placeMarker(id, mapping.keyPrefix);
  const { store, identity } = await source.inspect(defaultStore);
  const frozen = { store, mapping, conflict: "newer", chunkSize: 100, startedAt: 0 } as const;
  await createRun(
    queue,
    id,
    {
      ...frozen,
      source: identity,
      target: { token, ...(await target.identity()) },
      fingerprintKey: "00",
    },
    { maxRate: null, maxRejects: null },
  );
  await closePlan(queue, id, { exists: true, size: 100 });
  return id;
}

/** As enqueueChunks does, with the waits between attempts cut short. */
async function enqueue(run: RunId, attempts: number): Promise<void> {
  const opts = { jobId: `${run}-copy-0`, attempts, backoff: { type: "fixed", delay: 1 } };
  await queue.jobs.add("copy", { run, chunk: 0 }, opts);
}

interface Working {
  /** How each attempt ended so far. */
  readonly ends: readonly string[];
  until(attempts: number): Promise<void>;
  close(): Promise<void>;
}

function startWork(overrides: { source?: Source; target?: Target } = {}): Working {
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const context = { queue, source, target, log, ...overrides };
  const processor = makeProcessor(context);
  const worker = new Worker(
    "chunks",
    async (job, token, signal) => await processor(job, token, signal),
    { connection: queue.client, prefix: "{rehome}" },
  );
  worker.on("error", () => undefined);
  const ends: string[] = [];
  worker.on("completed", () => ends.push("completed"));
  worker.on("failed", (_job, error) => ends.push(error.message));
  return {
    ends,
    until: (attempts) =>
      vi.waitFor(() => expect(ends.length).toBeGreaterThanOrEqual(attempts), { timeout: 20_000 }),
    close: () => worker.close(),
  };
}

/** Works until as many attempts have ended as given, and tells how each did. */
async function work(attempts: number, overrides: { target?: Target } = {}): Promise<string[]> {
  const working = startWork(overrides);
  await working.until(attempts);
  await working.close();
  return [...working.ends];
}

describe("a chunk job", () => {
  it("that cannot succeed fails at once, and with the last chunk the run", async () => {
    const run = await newRun();
    await client.query("ALTER TABLE session_data RENAME TO elsewhere");
    await enqueue(run, 5);
    expect(await work(1)).toEqual(["source-42P01:table-missing"]);
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "failed",
      chunks: { failed: 1, done: 0 },
    });
    expect((await queue.jobs.getJob(`${run}-copy-0`))?.attemptsMade).toBe(1);
  });

  it("that may succeed later is tried again until its attempts are used up", async () => {
    const run = await newRun();
    const flaky: Target = {
      ...target,
      load: () => Promise.reject(new RehomeError("odd", "target: odd", { retryable: true })),
    };
    await enqueue(run, 3);
    expect(await work(3, { target: flaky })).toEqual(["odd", "odd", "odd"]);
    expect(await readStatus(queue, run)).toMatchObject({ phase: "failed", chunks: { failed: 1 } });
  });

  it("whose statement was cancelled is tried again, and says so for as long as it holds up the run or its verification", async () => {
    const run = await newRun();
    await client.query(`
      ALTER TABLE session_data RENAME TO elsewhere;
      CREATE VIEW session_data AS SELECT elsewhere.* FROM elsewhere, pg_sleep(0.5)`);
    const cancel = async () => {
      const { rowCount } = await client.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'rehome' AND wait_event = 'PgSleep'",
      );
      expect(rowCount).toBe(1);
    };
    const said = "trying chunk 0 again: source: the statement was cancelled or timed out (57014)";
    const working = startWork();
    await enqueue(run, 2);
    await vi.waitFor(cancel, { timeout: 10_000 });
    await vi.waitFor(async () => expect((await readStatus(queue, run)).notice).toBe(said));
    await working.until(2);
    expect(await readStatus(queue, run)).toMatchObject({ phase: "completed", notice: null });

    await startVerification(queue, run, { mode: "sample", sample: 100 });
    await vi.waitFor(cancel, { timeout: 10_000 });
    await vi.waitFor(async () => expect((await readVerification(queue, run))?.waiting).toBe(said));
    await working.close();
    await client.query("DROP VIEW session_data");
  }, 30_000);

  it.each([
    ["target", "redis://127.0.0.1:1", "target: nothing listens there (ECONNREFUSED)"],
    ["source", "postgres://127.0.0.1:1/x", "source: nothing listens there (ECONNREFUSED)"],
  ])("whose %s is away waits, says so and uses up no attempt", async (side, url, reason) => {
    const run = await newRun();
    const away =
      side === "target"
        ? { target: openTarget(new URL(url)) }
        : { source: openSource(new URL(url)) };
    await enqueue(run, 1);
    const working = startWork(away);
    await vi.waitFor(
      async () => {
        expect((await readStatus(queue, run)).notice).toContain(`waiting: ${reason}`);
        expect(await queue.jobs.getDelayedCount()).toBe(1);
      },
      { timeout: 10_000 },
    );
    expect(await queue.jobs.getJob(`${run}-copy-0`)).toMatchObject({ attemptsMade: 0 });
    await working.close();
    expect(working.ends).toEqual([]);
    expect(await work(1)).toEqual(["completed"]);
    expect(await readStatus(queue, run)).toMatchObject({ phase: "completed", notice: null });
    await away.target?.close();
    await away.source?.close();
  });

  it("whose run is lost with the queue's data leaves nothing behind", async () => {
    const run = await newRun();
    await enqueue(run, 3);
    const forgetful: Target = {
      ...target,
      load: async (entries, options) => {
        await queue.redis.flushall();
        return await target.load(entries, options);
      },
    };
    const working = startWork({ target: forgetful });
    await vi.waitFor(() => expect(lines.join("")).toMatch(/chunk (left alone|done)/), {
      timeout: 10_000,
    });
    await working.close();
    expect(await queue.redis.keys("{rehome}:run*")).toEqual([]);
  });

  it("whose reply was lost after the write counts once when it is done again", async () => {
    const run = await newRun();
    let calls = 0;
    const flaky: Target = {
      ...target,
      load: async (entries, options) => {
        const results = await target.load(entries, options);
        calls += 1;
        if (calls === 1) throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
        return results;
      },
    };
    await enqueue(run, 3);
    expect((await work(2, { target: flaky })).at(-1)).toBe("completed");
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "completed",
      sessions: { read: 100, migrated: 95, expired: 5 },
    });
    expect(await targetClient.keys("session:*")).toHaveLength(95);
  });

  it("of a run that another version of Rehome has started is left to others, with a reason and no attempt used up", async () => {
    const run = await newRun();
    await queue.redis.hset(`{rehome}:run:${run}`, "format", "1");
    await enqueue(run, 1);
    const working = startWork();
    await vi.waitFor(
      async () => {
        expect((await readStatus(queue, run)).notice).toContain(
          `waiting: run ${run} was started by another version of Rehome`,
        );
        expect(await queue.jobs.getDelayedCount()).toBe(1);
      },
      { timeout: 10_000 },
    );
    await working.close();
    expect(working.ends).toEqual([]);
    expect((await queue.jobs.getJob(`${run}-copy-0`))?.attemptsMade).toBe(0);
    expect(await targetClient.keys("session:*")).toEqual([]);
  });

  it("is left to others where row-level security may hide rows from this worker's user, and no row is copied", async () => {
    const run = await newRun();
    await client.query(`
      DROP ROLE IF EXISTS filtered; CREATE ROLE filtered LOGIN PASSWORD 'x';
      GRANT SELECT ON ALL TABLES IN SCHEMA public TO filtered;
      ALTER TABLE user_sessions ENABLE ROW LEVEL SECURITY;
      CREATE POLICY few ON user_sessions TO filtered USING (user_id = 1)`);
    const url = new URL(inject("postgresUrl"));
    [url.username, url.password] = ["filtered", "x"];
    const filtered = openSource(url);
    await enqueue(run, 1);
    const working = startWork({ source: filtered });
    await vi.waitFor(
      async () => {
        expect((await readStatus(queue, run)).notice).toContain(
          "waiting: source: row-level security may hide rows from the user (RLS)",
        );
        expect(await queue.jobs.getDelayedCount()).toBe(1);
      },
      { timeout: 10_000 },
    );
    await working.close();
    await filtered.close();
    await client.query("DROP OWNED BY filtered; DROP ROLE filtered");
    expect(working.ends).toEqual([]);
    expect((await queue.jobs.getJob(`${run}-copy-0`))?.attemptsMade).toBe(0);
    expect(await targetClient.keys("session:*")).toEqual([]);
    expect(await work(1)).toEqual(["completed"]);
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "completed",
      notice: null,
      sessions: { read: 100 },
    });
  }, 20_000);

  it("of another shape than ours is refused, and harms no run", async () => {
    const run = await newRun();
    await queue.jobs.add("copy", { run: "canary", chunk: 0 } as never, { attempts: 3 });
    await queue.jobs.add("steal", { run, chunk: 0 }, { attempts: 3 });
    for (const end of await work(2)) expect(end).toBe("malformed-job");
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "running",
      chunks: { failed: 0, waiting: 1 },
    });
    expect(lines.join("")).not.toContain("canary");
  });

  it("of a chunk that is done already leaves it alone, and still finalizes the run", async () => {
    const run = await newRun();
    await enqueueChunks(queue, run, "copy", [0]);
    await work(1);
    // As if the worker had died after recording, before finalizing.
    await queue.redis.hset(`{rehome}:run:${run}`, "phase", "running");
    await queue.jobs.remove(`${run}-copy-0`);
    await enqueueChunks(queue, run, "copy", [0]);
    const [first = ""] = await targetClient.keys("session:*");
    await targetClient.del(first);
    expect(await work(1)).toEqual(["completed"]);
    expect(await targetClient.exists(first)).toBe(0);
    expect(await finalizeRun(queue, run)).toBe("completed");
  });

  it("of a verification whose place a newer one takes is done for that one", async () => {
    const run = await newRun();
    await enqueueChunks(queue, run, "copy", [0]);
    await work(1);
    let begun = 0;
    const overtaken: Target = {
      ...target,
      arePresent: async (ids, keyPrefix) => {
        begun += 1;
        if (begun === 1) await startVerification(queue, run, { mode: "count", sample: 0 });
        return await target.arePresent(ids, keyPrefix);
      },
    };
    await startVerification(queue, run, { mode: "count", sample: 0 });
    await work(2, { target: overtaken });
    expect(begun).toBe(2);
    expect(await readVerification(queue, run)).toMatchObject({
      total: 2,
      done: 2,
      counts: { checked: 100, matched: 95, expired: 5, extra: 0 },
    });
  });

  it("logs run, chunk, counts and time, and no session", async () => {
    const run = await newRun();
    await enqueue(run, 1);
    await work(1);
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged.find(({ msg }) => msg === "chunk done")).toMatchObject({
      run,
      kind: "copy",
      chunk: 0,
      counts: { read: 100 },
      ms: expect.any(Number),
    });
    const { rows } = await client.query<{ id: string }>(
      "SELECT session_id AS id FROM user_sessions",
    );
    for (const { id } of rows) expect(lines.join("")).not.toContain(id);
  });
});
