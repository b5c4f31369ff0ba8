import { randomUUID } from "node:crypto";
import {
  type Baseline,
  baselineSchema,
  RehomeError,
  type RunId,
  VERIFY_COUNT_NAMES,
  type VerifyCounts,
  type VerifyMode,
} from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import { replies } from "./ledger-redis.js";
import { alignLifetime } from "./ledger-lifetime.js";
import { readPaused } from "./run-record.js";
import { loadScript } from "./script.js";

const recordScript = loadScript("record-verified");
const failScript = loadScript("fail-verified");

/** The latest verification of a run. A newer one takes its place. */
export interface VerificationRecord {
  readonly id: string;
  readonly mode: VerifyMode;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly counts: VerifyCounts;
  /** Sessions to look at, in all its chunks. */
  readonly asked: number;
  /** What it waits for, if anything. */
  readonly waiting: string | null;
}

/**
 * Begins a verification of these chunks; each value says how many sessions of the chunk to look at (0: all), and `asked`
 * how many in all.
 */
export async function beginVerification(
  queue: QueueConnection,
  run: RunId,
  mode: VerifyMode,
  plan: ReadonlyMap<number, number>,
  asked = [...plan.values()].reduce((sum, size) => sum + size, 0),
): Promise<string> {
  const keys = runKeys(run);
  const id = randomUUID();
  const counts = Object.fromEntries(VERIFY_COUNT_NAMES.map((name) => [name, 0]));
  const begin = queue.redis
    .multi()
    .del(keys.verification, keys.verificationPlan, keys.verificationChunks)
    .hset(keys.verification, { id, mode, asked, total: plan.size, done: 0, failed: 0, ...counts });
  if (plan.size > 0) begin.hset(keys.verificationPlan, new Map(plan));
  await replies(begin);
  await alignLifetime(queue, run, [keys.verification, keys.verificationPlan]);
  return id;
}

/** null when the run was never verified. */
export async function readVerification(
  queue: QueueConnection,
  run: RunId,
): Promise<VerificationRecord | null> {
  const record = await queue.redis.hgetall(runKeys(run).verification);
  if (record["id"] === undefined) return null;
  const counts = Object.fromEntries(VERIFY_COUNT_NAMES.map((name) => [name, Number(record[name])]));
  return {
    id: record["id"],
    mode: record["mode"] as VerifyMode,
    total: Number(record["total"]),
    done: Number(record["done"]),
    failed: Number(record["failed"]),
    counts: counts as VerifyCounts,
    asked: Number(record["asked"] ?? 0),
    waiting: record["waiting"] ?? null,
  };
}

/** Why a verification does not advance, if it does not: what it waits for itself, or a paused run that stops all jobs. */
export async function readHoldUp(
  queue: QueueConnection,
  { waiting }: VerificationRecord,
): Promise<string | null> {
  if (waiting !== null) return waiting;
  const paused = await readPaused(queue);
  if (paused === null) return null;
  return `waiting: run ${paused} is paused, so workers take no jobs; continue with: rehome resume ${paused}`;
}

/** How many sessions of a chunk to look at (0: all); null when the verification leaves the chunk out. */
export async function readSampleSize(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
): Promise<number | null> {
  const size = await queue.redis.hget(runKeys(run).verificationPlan, String(chunk));
  return size === null ? null : Number(size);
}

/** False, and nothing recorded, where a newer verification has taken this one's place. */
export async function recordVerified(
  queue: QueueConnection,
  run: RunId,
  verification: string,
  chunk: number,
  counts: VerifyCounts,
): Promise<boolean> {
  const keys = runKeys(run);
  const recorded = await recordScript(
    queue.redis,
    [keys.verification, keys.verificationChunks, keys.verificationPlan, keys.run],
    [
      JSON.stringify({
        verification,
        chunk,
        names: VERIFY_COUNT_NAMES,
        counts: VERIFY_COUNT_NAMES.map((name) => counts[name]),
      }),
    ],
  );
  return recorded === 1;
}

/** A chunk could not be looked at: the verification has no verdict then. */
export async function failVerified(
  queue: QueueConnection,
  run: RunId,
  verification: string,
  chunk: number,
  reason: string,
): Promise<void> {
  const keys = runKeys(run);
  await failScript(
    queue.redis,
    [keys.verification, keys.verificationChunks, keys.run],
    [JSON.stringify({ verification, chunk, reason })],
  );
}

/**
 * What the source was made of before the verification's first chunk was read: the first worker to ask says it for all.
 */
export async function agreeOnBaseline(
  queue: QueueConnection,
  run: RunId,
  verification: string,
  read: () => Promise<Baseline | null>,
): Promise<Baseline> {
  const key = runKeys(run).verification;
  const field = `baseline:${verification}`;
  const agreed = await queue.redis.hget(key, field);
  if (agreed !== null) return baselineSchema.parse(JSON.parse(agreed));
  const own = await read();
  if (own === null) {
    throw new RehomeError(
      "source-changed",
      "source: the sessions' table can no longer be read page by page, as the run did",
      { hint: "Start a new run, and verify that" },
    );
  }
  await queue.redis.hsetnx(key, field, JSON.stringify(own));
  const first = await queue.redis.hget(key, field);
  return first === null ? own : baselineSchema.parse(JSON.parse(first));
}

/** How many chunks of a verification have not ended, these left out. */
export async function countUnverified(
  queue: QueueConnection,
  run: RunId,
  leftOut: readonly number[],
): Promise<number> {
  const { verificationPlan, verificationChunks } = runKeys(run);
  const names = leftOut.map(String);
  const [planned, ended, asked, done] = await Promise.all([
    queue.redis.hlen(verificationPlan),
    queue.redis.hlen(verificationChunks),
    queue.redis.hmget(verificationPlan, ...names),
    queue.redis.hmget(verificationChunks, ...names),
  ]);
  const there = (found: readonly (string | null)[]) => found.filter((one) => one !== null).length;
  return planned - there(asked) - (ended - there(done));
}

/** Whether each of these sessions is among the rejects of one of these chunks. */
export async function areRejected(
  queue: QueueConnection,
  run: RunId,
  chunks: readonly number[],
  ids: readonly string[],
): Promise<boolean[]> {
  if (ids.length === 0) return [];
  const found = await Promise.all(
    chunks.map((chunk) => queue.redis.hmget(runKeys(run).rejects(chunk), ...ids)),
  );
  return ids.map((_, i) => found.some((rejects) => rejects[i] !== null));
}
