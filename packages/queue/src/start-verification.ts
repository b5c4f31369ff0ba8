import { isActive, RehomeError, type RunId, type VerifyMode } from "@rehome/core";
import { enqueueChunks } from "./chunk-jobs.js";
import type { QueueConnection } from "./connection.js";
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
  const plan = planVerification(run, scope);
  const chunks = [...plan.keys()];
  // Remove failed jobs of an earlier verification first: an idle worker would take them for jobs of this one.
  await removeByIds(
    queue,
    chunks.map((chunk) => jobId(run.id, "verify", chunk)),
  );
  const asked = scope.mode === "count" ? run.planned : undefined;
  const verification = await beginVerification(queue, run.id, scope.mode, plan, asked);
  await enqueueChunks(queue, run.id, "verify", chunks);
  return verification;
}

/**
 * How many sessions of which chunks to look at. A count takes all, and the target's own chunk past the last; a
 * sample picks as many places in the session-id order, each as likely as any other.
 */
export function planVerification(
  run: Pick<Run, "total" | "planned" | "chunkSize">,
  scope: VerificationScope,
): Map<number, number> {
  if (scope.mode === "count") {
    return new Map(Array.from({ length: run.total + 1 }, (_, chunk) => [chunk, 0]));
  }
  const sizes = new Map<number, number>();
  for (const place of pickDistinct(scope.sample, run.planned)) {
    // The last chunk is larger than others where sessions were added while the plan was made.
    const chunk = Math.min(Math.floor(place / run.chunkSize), run.total - 1);
    sizes.set(chunk, (sizes.get(chunk) ?? 0) + 1);
  }
  return sizes;
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
