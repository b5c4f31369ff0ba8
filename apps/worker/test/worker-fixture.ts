import {
  completeMapping,
  defaultStore,
  mappingSchema,
  newRunId,
  type ReadingOrder,
  type ResolvedStore,
  type RunId,
} from "@rehome/core";
import {
  closePlan,
  createRun,
  openQueue,
  type QueueConnection,
  recordBounds,
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
  scene: Pick<Scene, "queue" | "source" | "target">,
  limits: Partial<RunLimits> = {},
): Promise<RunId> {
  const { store } = await scene.source.inspect(defaultStore);
  const id = await createdRun(scene, store, { kind: "id" }, limits);
  await closePlan(scene.queue, id, { exists: true, size: 100 });
  return id;
}

/** A run in physical order: a chunk of pages, number 0, and the closing chunk, without their jobs. */
export async function newPhysicalRun(
  scene: Pick<Scene, "queue" | "source" | "target">,
  /** How many transactions the run's plan is ahead of the source. */
  ahead = 0,
): Promise<RunId> {
  const { queue, source } = scene;
  const { store } = await source.inspect(defaultStore);
  const baseline = await source.baseline(store);
  if (baseline === null) throw new Error("the store cannot be read in physical order");
  const since = String(BigInt(baseline.since) + BigInt(ahead));
  const order: ReadingOrder = { kind: "physical", ...baseline, since };
  const id = await createdRun(scene, store, order);
  const plan = source.sessions(store, order).planChunks({ after: null, chunkSize: 100 });
  for await (const planned of plan) await recordBounds(queue, id, 0, planned);
  await closePlan(queue, id, { exists: true, size: 0 });
  return id;
}

async function createdRun(
  { queue, source, target }: Pick<Scene, "queue" | "source" | "target">,
  store: ResolvedStore,
  order: ReadingOrder,
  limits: Partial<RunLimits> = {},
): Promise<RunId> {
  const id = newRunId(new Date());
  const token = await target.placeMarker(id, mapping.keyPrefix);
  await createRun(
    queue,
    id,
    {
      store,
      mapping,
      conflict: "newer",
      order,
      chunkSize: 100,
      startedAt: 0,
      source: await source.identify(store),
      target: { token, ...(await target.identity()) },
      fingerprintKey: "00",
    },
    { maxRate: null, maxRejects: null, ...limits },
  );
  return id;
}

/** As enqueueChunks does, with the waits between attempts cut short. */
export async function enqueue(
  { queue }: Pick<Scene, "queue">,
  run: RunId,
  attempts: number,
  chunk = 0,
): Promise<void> {
  const opts = { jobId: `${run}-copy-${chunk}`, attempts, backoff: { type: "fixed", delay: 1 } };
  await queue.jobs.add("copy", { run, chunk }, opts);
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
