import {
  completeMappingSchema,
  CONFLICT_POLICIES,
  isRunId,
  readingOrderSchema,
  type Phase,
  recencyField,
  RehomeError,
  resolvedStoreSchema,
  type RunId,
  zeroCounts,
} from "@rehome/core";
import { z } from "zod";
import { type ChunkState, parseEntry } from "./chunk-state.js";
import type { QueueConnection } from "./connection.js";
import { ACTIVE_KEY, RUNS_KEY, runKeys } from "./keys.js";
import { loadScript } from "./script.js";

/** What a run is started with. It never changes, and workers use nothing else. */
const frozenSchema = z.object({
  store: resolvedStoreSchema,
  mapping: completeMappingSchema,
  conflict: z.enum(CONFLICT_POLICIES),
  /** In which the plan's ranges follow each other. */
  order: readingOrderSchema,
  chunkSize: z.int().positive(),
  /** Unix milliseconds by the target's clock: sessions without an expiry may count from it. */
  startedAt: z.number(),
  /** Identity of the source: a worker connected to another refuses the run's chunks. */
  source: z.string(),
  /** The marker placed in the target, and where the target was when the run started. */
  target: z.object({
    token: z.string(),
    runId: z.string(),
    address: z.string(),
    /** Bytes of memory in use before the first session was written; absent or null where it could not be read. */
    usedBytes: z.number().nullable().optional(),
    /** Keys it had evicted by then; absent or null where it evicts none, or does not tell. */
    evictedKeys: z.number().nullable().optional(),
  }),
  /** Secret of the run's fingerprints. */
  fingerprintKey: z.string(),
});

export type FrozenRun = z.infer<typeof frozenSchema>;

/** Counted up whenever what is frozen changes its meaning: a worker of another version must not guess at it. */
const FORMAT = 3;

/** What an operator may set for a run. */
export interface RunLimits {
  /** Sessions per second over all workers; null for no limit. */
  readonly maxRate: number | null;
  /** The run stops when it has rejected more sessions than this; null for the default, see `rejectLimit`. */
  readonly maxRejects: number | null;
}

export interface Run extends FrozenRun {
  readonly id: RunId;
  readonly phase: Phase;
  readonly planComplete: boolean;
  /** Chunks in the plan so far. */
  readonly total: number;
  /** Sessions in the plan so far, estimated where the order is physical. */
  readonly planned: number;
  /** Chunks that are done or have failed for good. */
  readonly ended: number;
  /** Sessions that the closing chunk has read. */
  readonly newer: number;
  /** How often the run was taken back to work: see `Begun` of chunk-record.ts. */
  readonly generation: number;
}

const createScript = loadScript("create-run");
const noteScript = loadScript("note");

const zeroTotals = { total: 0, done: 0, failed: 0, planned: 0, ...zeroCounts() };

/**
 * Makes the run the active one and writes its record, at once. Throws RehomeError `run-active` while another is
 * active.
 */
export async function createRun(
  queue: QueueConnection,
  id: RunId,
  frozen: FrozenRun,
  limits: RunLimits,
): Promise<void> {
  const fields = {
    format: FORMAT,
    frozen: JSON.stringify(frozen),
    order: frozen.order.kind,
    compared: recencyField(frozen.store)?.name ?? "expiry",
    maxRate: limits.maxRate ?? "",
    rejectLimit: limits.maxRejects ?? "",
    ...zeroTotals,
  };
  const holder = await createScript(
    queue.redis,
    [ACTIVE_KEY, RUNS_KEY, runKeys(id).run],
    [id, ...Object.entries(fields).flat()],
  );
  if (holder !== null) throw runActive(holder as string);
}

/** The active run, if any. */
export async function readActive(queue: QueueConnection): Promise<RunId | null> {
  return (await queue.redis.get(ACTIVE_KEY)) as RunId | null;
}

/** Throws RehomeError `run-active` while a run is planning, running or paused. */
export async function refuseWhileActive(queue: QueueConnection): Promise<void> {
  const holder = await readActive(queue);
  if (holder !== null) throw runActive(holder);
}

/** The paused run, if any: while it is paused, workers take no jobs, not even of another run. */
export async function readPaused(queue: QueueConnection): Promise<RunId | null> {
  const active = await readActive(queue);
  if (active === null) return null;
  const phase = await queue.redis.hget(runKeys(active).run, "phase");
  return phase === "paused" ? active : null;
}

/** Throws RehomeError `unknown-run`, or `other-version` for one that this version of Rehome cannot read. */
export async function readRun(queue: QueueConnection, id: RunId): Promise<Run> {
  const record = await queue.redis.hgetall(runKeys(id).run);
  if (record["frozen"] === undefined) throw unknownRun(id);
  if (record["format"] !== String(FORMAT)) {
    throw new RehomeError("other-version", `run ${id} was started by another version of Rehome`, {
      hint: "Let every worker, dashboard and command be of the version that started it",
    });
  }
  return {
    ...frozenSchema.parse(JSON.parse(record["frozen"])),
    id,
    phase: record["phase"] as Phase,
    planComplete: record["planComplete"] === "1",
    total: Number(record["total"]),
    planned: Number(record["planned"]),
    ended: Number(record["done"]) + Number(record["failed"]),
    newer: Number(record["newer"] ?? 0),
    generation: Number(record["generation"] ?? 0),
  };
}

/** Shows in the run's status how its sessions are written, where that is not the usual way. */
export async function noteWriteWay(
  queue: QueueConnection,
  run: RunId,
  description: string,
): Promise<void> {
  await noteScript(queue.redis, [runKeys(run).run], ["writeWay", description]);
}

/** Shows in the run's status how many keys the target has evicted since the run began. */
export async function noteEvicted(queue: QueueConnection, run: RunId, keys: number): Promise<void> {
  await noteScript(queue.redis, [runKeys(run).run], ["evicted", keys]);
}

/** The id of every run whose ledger is still there, newest first. */
export async function listRuns(queue: QueueConnection): Promise<RunId[]> {
  const runs = (await queue.redis.zrevrange(RUNS_KEY, 0, -1)) as RunId[];
  const there = await Promise.all(runs.map((run) => queue.redis.exists(runKeys(run).run)));
  const expired = runs.filter((_, at) => there[at] === 0);
  if (expired.length > 0) await queue.redis.zrem(RUNS_KEY, ...expired);
  return runs.filter((_, at) => there[at] === 1);
}

/** The chunks that have rejected sessions, in order. */
export async function chunksWithRejects(queue: QueueConnection, run: RunId): Promise<number[]> {
  return await chunksWhere(queue, run, (state) => "counts" in state && state.counts.rejected > 0);
}

/** The chunks whose entry in the ledger is as asked, in order, read in pages. */
export async function chunksWhere(
  queue: QueueConnection,
  run: RunId,
  matches: (state: ChunkState) => boolean,
): Promise<number[]> {
  const found = new Set<number>();
  let cursor = "0";
  do {
    const [next, entries] = await queue.redis.hscan(runKeys(run).chunks, cursor, "COUNT", 1_000);
    for (let i = 0; i < entries.length; i += 2) {
      if (matches(parseEntry(entries[i + 1] ?? null))) found.add(Number(entries[i]));
    }
    cursor = next;
  } while (cursor !== "0");
  return [...found].toSorted((a, b) => a - b);
}

/** The run an operator means: the one named, or the newest. Throws RehomeError `unknown-run` or `no-run`. */
export async function resolveRun(
  queue: QueueConnection,
  named: string | undefined,
): Promise<RunId> {
  if (named !== undefined) {
    const known = isRunId(named) && (await queue.redis.exists(runKeys(named).run)) === 1;
    if (!known) throw unknownRun(named);
    return named;
  }
  const newest = (await listRuns(queue))[0];
  if (newest === undefined) {
    throw new RehomeError("no-run", "there is no run yet", {
      hint: "Start one with: rehome start. If the queue Redis has lost its data, that goes over what was written and converges",
    });
  }
  return newest;
}

function unknownRun(named: string): RehomeError {
  const list = "List the runs with: rehome runs";
  if (!isRunId(named)) {
    return new RehomeError("unknown-run", "that is not a run's id", { hint: list });
  }
  return new RehomeError("unknown-run", `there is no run ${named}`, {
    hint: `${list}. If the queue Redis has lost its data, start again with: rehome start`,
  });
}

export function runActive(holder: string): RehomeError {
  return new RehomeError("run-active", `run ${holder} has not ended`, {
    hint: `Watch it with: rehome status ${holder} --watch`,
  });
}

export function wrongPhase(run: RunId, phase: string, what: string, hint?: string): RehomeError {
  return new RehomeError("wrong-phase", `run ${run} is ${phase} and cannot ${what}`, {
    hint: hint ?? `See where it stands with: rehome status ${run}`,
  });
}
