import {
  completeMapping,
  defaultStore,
  mappingSchema,
  newRunId,
  type ResolvedStore,
  type RunId,
  zeroCounts,
} from "@rehome/core";
import {
  cancelRun,
  createRun,
  openQueue,
  type QueueConnection,
  readRange,
  readRun,
  readStatus,
  recordChunk,
} from "@rehome/queue";
import { openSource, seedReferenceSchema, type SessionSource, type Source } from "@rehome/source";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { type PlannedRun, planRun } from "../src/plan-run.js";
import { watchPlanned } from "../src/watch-run.js";

const CHUNK_SIZE = 10;
const BY_ID = { kind: "id" } as const;

let queue: QueueConnection;
let source: Source;
let store: ResolvedStore;
let sessions: SessionSource;
let client: pg.Client;

beforeEach(async () => {
  queue = await openQueue(new URL(inject("queueUrl")));
  await queue.redis.flushall();
  client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  await client.query(
    "DROP TABLE IF EXISTS users, user_sessions, session_data, user_preferences CASCADE",
  );
  await seedReferenceSchema(new URL(inject("postgresUrl")), { users: 5, sessions: 200, seed: 1 });
  source = openSource(new URL(inject("postgresUrl")));
  ({ store } = await source.inspect(defaultStore));
  sessions = source.sessions(store, BY_ID);
});

afterEach(async () => {
  await source.close();
  await client.end();
  await queue.close();
});

async function newRun(): Promise<PlannedRun> {
  const id = newRunId(new Date());
  const target = { token: "t", runId: "r", address: "a" };
  const mapping = completeMapping(mappingSchema.parse({}), defaultStore);
  const frozen = {
    store,
    mapping,
    conflict: "newer",
    order: BY_ID,
    chunkSize: CHUNK_SIZE,
    startedAt: 0,
  } as const;
  await createRun(
    queue,
    id,
    { ...frozen, source: "s", target, fingerprintKey: "00" },
    { maxRate: null, maxRejects: null },
  );
  return { id, order: BY_ID, chunkSize: CHUNK_SIZE };
}

/** How many sessions each range of the plan holds now. */
async function countPlanned(run: RunId): Promise<number[]> {
  const record = await readRun(queue, run);
  const counts = [];
  for (let chunk = 0; chunk < record.total; chunk += 1) {
    counts.push(await sessions.count(await readRange(queue, record, chunk)));
  }
  return counts;
}

/** Does `meanwhile` once the planner waits for a lock on the sessions, and lets go of it then. */
async function whileLocked(meanwhile: (planner: number) => Promise<unknown>): Promise<void> {
  const waiting =
    "SELECT pid FROM pg_locks WHERE relation = 'user_sessions'::regclass AND NOT granted";
  await client.query("BEGIN; LOCK TABLE user_sessions");
  const planner = await vi.waitUntil(
    async () => (await client.query(waiting)).rows[0]?.pid,
    10_000,
  );
  await meanwhile(planner);
  await client.query("COMMIT");
}

describe("planning a run", () => {
  it("covers the table without gap or overlap, with one job a chunk", async () => {
    const run = await newRun();
    await planRun({ sessions, queue }, run);
    expect(await countPlanned(run.id)).toEqual(Array.from({ length: 20 }, () => CHUNK_SIZE));
    expect(await queue.jobs.getWaitingCount()).toBe(20);
    expect(await readStatus(queue, run.id)).toMatchObject({
      phase: "running",
      chunks: { total: 20, waiting: 20 },
      sessions: { planned: 200 },
    });
  });

  it("interrupted at any bound goes on where it was, though rows have been inserted meanwhile", async () => {
    for (const stopAfter of [1, 3, 8]) {
      await queue.redis.flushall();
      const run = await newRun();
      let bounds = 0;
      const interruptible: SessionSource = {
        ...sessions,
        planChunks: async function* (options) {
          for await (const page of sessions.planChunks(options)) {
            for (const bound of page) {
              if (bounds === stopAfter) throw new Error("interrupted");
              bounds += 1;
              yield [bound];
            }
          }
        },
      };
      await expect(planRun({ sessions: interruptible, queue }, run)).rejects.toThrow("interrupted");
      expect(await countPlanned(run.id)).toEqual(
        Array.from({ length: stopAfter }, () => CHUNK_SIZE),
      );

      await client.query(
        "INSERT INTO user_sessions (session_id, user_id, expires_at) SELECT substr(md5(random()::text), 1, 12), 1, '2099-01-01' FROM generate_series(1, 30)",
      );
      await planRun({ sessions, queue }, run);
      const { rows } = await client.query<{ total: number }>(
        "SELECT count(*)::int AS total FROM user_sessions",
      );
      const after = await countPlanned(run.id);
      expect(after.reduce((sum, count) => sum + count, 0)).toBe(rows[0]?.total);
      expect(after.slice(stopAfter, -1).every((count) => count === CHUNK_SIZE)).toBe(true);
    }
  });

  it("again, when it is complete, changes nothing", async () => {
    const run = await newRun();
    await planRun({ sessions, queue }, run);
    const before = await queue.redis.hgetall(`{rehome}:run:${run.id}`);
    await planRun({ sessions, queue }, run);
    expect(await queue.redis.hgetall(`{rehome}:run:${run.id}`)).toEqual(before);
  });

  it("ends a run whose chunks were all done before the plan was complete", async () => {
    const run = await newRun();
    let done = 0;
    const finishChunk = async () => {
      await recordChunk(queue, run.id, done, "a", { ...zeroCounts(), read: 10, migrated: 10 });
      done += 1;
    };
    const quickWorkers: SessionSource = {
      ...sessions,
      planChunks: async function* (options) {
        for await (const page of sessions.planChunks(options)) {
          yield page;
          for (const _ of page) await finishChunk();
        }
        await finishChunk();
      },
    };
    await planRun({ sessions: quickWorkers, queue }, run);
    expect(await readStatus(queue, run.id)).toMatchObject({
      phase: "completed",
      chunks: { total: 20, done: 20 },
      sessions: { planned: 200, read: 200 },
    });
  });

  it("of a run that is cancelled meanwhile leaves no job behind", async () => {
    const run = await newRun();
    const cancelledLate: SessionSource = {
      ...sessions,
      count: async (range) => {
        await cancelRun(queue, run.id);
        return await sessions.count(range);
      },
    };
    await planRun({ sessions: cancelledLate, queue }, run);
    expect(await queue.redis.keys(`*${run.id}-copy-*`)).toEqual([]);
    expect(await readStatus(queue, run.id)).toMatchObject({ phase: "cancelled" });
  });

  it("that was closed, though the answer to that was lost, is not planned further", async () => {
    const run = await newRun();
    await planRun({ sessions, queue }, run);
    const before = await readRun(queue, run.id);
    await seedReferenceSchema(new URL(inject("postgresUrl")), {
      users: 5,
      sessions: 300,
      seed: 2,
      reset: true,
    });
    await planRun({ sessions, queue }, run);
    expect(await readRun(queue, run.id)).toEqual(before);
  });

  it("of an empty table completes the run", async () => {
    await client.query("TRUNCATE users CASCADE");
    const run = await newRun();
    await planRun({ sessions, queue }, run);
    expect(await readStatus(queue, run.id)).toMatchObject({
      phase: "completed",
      chunks: { total: 0 },
    });
  });

  it("goes on where a statement of its own was cancelled", async () => {
    const run = await newRun();
    const planned = planRun({ sessions, queue }, run);
    await whileLocked((planner) => client.query("SELECT pg_cancel_backend($1)", [planner]));
    await planned;
    expect(await countPlanned(run.id)).toEqual(Array.from({ length: 20 }, () => CHUNK_SIZE));
  });
});

describe("watching a run that is being planned", () => {
  const never = new AbortController().signal;

  it("ends with what the plan failed of", async () => {
    const run = await newRun();
    await client.query("ALTER TABLE user_sessions RENAME TO gone");
    const plan = (signal: AbortSignal) => planRun({ sessions, queue }, run, signal);
    await expect(watchPlanned(queue, run.id, plan, never)).rejects.toMatchObject({
      code: "source-42P01",
    });
    await client.query("DROP TABLE gone CASCADE");
  });

  it("ends, and the plan with it, when the run is gone", async () => {
    const run = await newRun();
    const plan = (signal: AbortSignal) => planRun({ sessions, queue }, run, signal);
    const watched = watchPlanned(queue, run.id, plan, never).catch((error: unknown) => error);
    await whileLocked(() => queue.redis.flushall());
    expect(await watched).toMatchObject({ code: "unknown-run" });
  });

  it("ends as the run does that is cancelled", async () => {
    const run = await newRun();
    const plan = (signal: AbortSignal) => planRun({ sessions, queue }, run, signal);
    const watched = watchPlanned(queue, run.id, plan, never);
    await whileLocked(() => cancelRun(queue, run.id));
    await watched;
    expect(await readStatus(queue, run.id)).toMatchObject({ phase: "cancelled" });
  });
});
