import { completeMapping, defaultStore, mappingSchema, newRunId, type RunId } from "@rehome/core";
import {
  closePlan,
  createRun,
  openQueue,
  type QueueConnection,
  type RunLimits,
} from "@rehome/queue";
import { openSource, seedReferenceSchema, type Source } from "@rehome/source";
import { openTarget, type Target } from "@rehome/target";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, expect, inject, vi } from "vitest";
import { makeProcessor } from "../src/processor.js";

/** What each test finds fresh: a seeded source of 100 sessions, an empty queue and an empty target. */
export interface Scene {
  queue: QueueConnection;
  source: Source;
  target: Target;
  targetClient: Redis;
  client: pg.Client;
  /** What the workers have logged. */
  lines: string[];
}

export const mapping = completeMapping(mappingSchema.parse({}), defaultStore);

/** Gives every test of a file its scene; the object's members change from test to test. */
export function useScene(): Scene {
  const scene = {} as Scene;
  beforeEach(async () => {
    scene.queue = await openQueue(new URL(inject("queueUrl")), { patient: true });
    await scene.queue.redis.flushall();
    scene.targetClient = new Redis(inject("targetUrl"));
    await scene.targetClient.flushall();
    scene.client = new pg.Client({ connectionString: inject("postgresUrl") });
    await scene.client.connect();
    await scene.client.query(
      "DROP TABLE IF EXISTS users, user_sessions, session_data, user_preferences, elsewhere CASCADE",
    );
    const seed = { users: 5, sessions: 100, seed: 1 };
    await seedReferenceSchema(new URL(inject("postgresUrl")), seed);
    scene.source = openSource(new URL(inject("postgresUrl")));
    scene.target = openTarget(new URL(inject("targetUrl")));
    scene.lines = [];
  });
  afterEach(async () => {
    await scene.source.close();
    await scene.target.close();
    await scene.client.end();
    scene.targetClient.disconnect();
    await scene.queue.close();
  });
  return scene;
}

/** A run of one chunk, without its job. */
export async function newRun(
  { queue, source, target }: Pick<Scene, "queue" | "source" | "target">,
  limits: Partial<RunLimits> = {},
): Promise<RunId> {
  const id = newRunId(new Date());
  const token = await target.placeMarker(id, mapping.keyPrefix);
  const { store, identity } = await source.inspect(defaultStore);
  const frozen = {
    store,
    mapping,
    conflict: "newer",
    order: { kind: "id" },
    chunkSize: 100,
    startedAt: 0,
  } as const;
  await createRun(
    queue,
    id,
    {
      ...frozen,
      source: identity,
      target: { token, ...(await target.identity()) },
      fingerprintKey: "00",
    },
    { maxRate: null, maxRejects: null, ...limits },
  );
  await closePlan(queue, id, { exists: true, size: 100 });
  return id;
}

/** As enqueueChunks does, with the waits between attempts cut short. */
export async function enqueue(
  { queue }: Pick<Scene, "queue">,
  run: RunId,
  attempts: number,
): Promise<void> {
  const opts = { jobId: `${run}-copy-0`, attempts, backoff: { type: "fixed", delay: 1 } };
  await queue.jobs.add("copy", { run, chunk: 0 }, opts);
}

export interface Working {
  /** How each attempt ended so far. */
  readonly ends: readonly string[];
  until(attempts: number): Promise<void>;
  close(): Promise<void>;
}

export function startWork(
  { queue, source, target, lines }: Scene,
  overrides: { source?: Source; target?: Target } = {},
): Working {
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const processor = makeProcessor({ queue, source, target, log, ...overrides });
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
export async function work(
  scene: Scene,
  attempts: number,
  overrides: { source?: Source; target?: Target } = {},
): Promise<string[]> {
  const working = startWork(scene, overrides);
  await working.until(attempts);
  await working.close();
  return [...working.ends];
}
