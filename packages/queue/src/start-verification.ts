import { closingChunk, isActive, RehomeError, type RunId, type VerifyMode } from "@rehome/core";
import { enqueueChunks } from "./chunk-jobs.js";
import { parseEntry } from "./chunk-state.js";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import { jobId } from "./payload.js";
import { removeByIds } from "./remove-jobs.js";
import { readRun, type Run } from "./run-record.js";
import { beginVerification } from "./verification-record.js";

export interface VerificationScope {
  readonly mode: VerifyMode;
  /** Sessions to compare; ignored by a count. */
  readonly sample: number;
}

/**
 * Makes the workers compare source and target. Returns the verification's id; a newer verification replaces it. Throws
 * RehomeError `run-active`, or `not-verified` where the plan is not complete.
 */
export async function startVerification(
  queue: QueueConnection,
  id: RunId,
  scope: VerificationScope,
): Promise<string> {
  const run = await readRun(queue, id);
  if (isActive(run.phase)) {
    throw new RehomeError("run-active", `run ${run.id} has not ended`, {
      hint: `Verify it when it has; watch it with: rehome status ${run.id} --watch`,
    });
  }
  if (!run.planComplete) {
    throw new RehomeError(
      "not-verified",
      `run ${run.id}: its plan was interrupted, so most of the source may be in none of its chunks`,
      { hint: "Start a new run, and verify that" },
    );
  }
  const sizes = await readSizes(queue, run);
  const closing = closingChunk(run);
  const plan = planVerification(sizes, closing, scope);
  const chunks = [...plan.keys()];
  // Remove failed jobs of an earlier verification first: an idle worker would take them for jobs of this one.
  await removeByIds(
    queue,
    chunks.map((chunk) => jobId(run.id, "verify", chunk)),
  );
  const asked = sessionsToLookAt(run, sizes, closing, scope);
  const verification = await beginVerification(queue, run.id, scope.mode, plan, asked);
  await enqueueChunks(queue, run.id, "verify", chunks);
  return verification;
}

/** How many sessions each chunk has: what was read, or else what a chunk was to have. */
async function readSizes(queue: QueueConnection, run: Run): Promise<number[]> {
  const entries = await queue.redis.hgetall(runKeys(run.id).chunks);
  return Array.from({ length: run.total }, (_, chunk) => {
    const state = parseEntry(entries[chunk] ?? null);
    return "counts" in state ? state.counts.read : run.chunkSize;
  });
}

/** A session that moved while it was copied was read by several chunks: there are no more than were planned. */
function sessionsToLookAt(
  { planned }: Run,
  sizes: readonly number[],
  closing: number | null,
  { mode, sample }: VerificationScope,
): number {
  const read = sum(withoutClosing(sizes, closing));
  const there = closing === null ? read : Math.min(planned, read);
  if (mode === "sample") return Math.min(sample, there);
  return closing === null ? planned : there;
}

/** What the closing chunk has read lies in the others as well. */
function withoutClosing(sizes: readonly number[], closing: number | null): readonly number[] {
  return closing === null ? sizes : sizes.slice(0, closing);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all + size, 0);
}

/** More than any chunk has. */
const ALL = Number.MAX_SAFE_INTEGER;

/**
 * How many sessions of which chunks to look at. A count takes all, and the target's own chunk past the last; a
 * sample picks as many places in the reading order, each as likely as any other. A sample of everything takes what lies in
 * a chunk by now, however many sessions have moved into it since, or out of it.
 */
export function planVerification(
  sizes: readonly number[],
  closing: number | null,
  scope: VerificationScope,
): Map<number, number> {
  if (scope.mode === "count") {
    return new Map(Array.from({ length: sizes.length + 1 }, (_, chunk) => [chunk, 0]));
  }
  const own = withoutClosing(sizes, closing);
  const total = sum(own);
  if (closing !== null && scope.sample >= total)
    return new Map(own.map((_, chunk) => [chunk, ALL]));
  const ends: number[] = [];
  for (const size of own) ends.push((ends.at(-1) ?? 0) + size);
  const picked = new Map<number, number>();
  for (const place of pickDistinct(scope.sample, total)) {
    const chunk = ends.findIndex((end) => place < end);
    picked.set(chunk, (picked.get(chunk) ?? 0) + 1);
  }
  return picked;
}

/** `size` different whole numbers below `total`, or all of them (R. Floyd's algorithm). */
function pickDistinct(size: number, total: number): Set<number> {
  const picked = new Set<number>();
  for (let bound = Math.max(0, total - size); bound < total; bound += 1) {
    const number = Math.floor(Math.random() * (bound + 1));
    picked.add(picked.has(number) ? bound : number);
  }
  return picked;
}
