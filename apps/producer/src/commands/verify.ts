import { setTimeout as sleep } from "node:timers/promises";
import { conclude, isActive, RehomeError, type VerifyMode } from "@rehome/core";
import {
  beginVerification,
  countWorkers,
  enqueueChunks,
  type QueueConnection,
  readRun,
  readVerification,
  resolveRun,
  type Run,
  type VerificationRecord,
} from "@rehome/queue";
import { SingleBar } from "cli-progress";
import { terminal } from "../config.js";
import { withQueue } from "../connections.js";
import { formatVerification } from "../format.js";
import { throughOutages } from "../outage.js";
import { isQuiet, note, print, printJson } from "../output.js";

const POLL_MS = 250;

export interface VerifyOptions {
  mode: VerifyMode;
  sample: number;
  json?: boolean;
}

/**
 * The workers compare, chunk by chunk; this adds their jobs and waits for the verdict. Returns the exit code.
 */
export async function verify(named: string | undefined, options: VerifyOptions): Promise<number> {
  return await withQueue(async (queue) => {
    const run = await readRun(queue, await resolveRun(queue, named));
    if (isActive(run.phase)) {
      throw new RehomeError("run-active", `run ${run.id} has not ended`, {
        hint: `Verify it when it has; watch it with: rehome status ${run.id} --watch`,
      });
    }
    if (!run.planWhole) {
      throw new RehomeError(
        "not-verified",
        `run ${run.id}: its plan was interrupted, so most of the source may be in none of its chunks`,
        { hint: "Start a new run, and verify that" },
      );
    }
    if ((await countWorkers(queue)) === 0)
      note("warning: no worker is connected: start some with: rehome-worker");
    const plan = planVerification(run, options);
    const id = await beginVerification(queue, run.id, options.mode, plan);
    await enqueueChunks(queue, run.id, "verify", [...plan.keys()]);
    const record = await untilVerified(queue, run, id);
    if (record.failed > 0) {
      throw new RehomeError(
        "not-verified",
        `run ${run.id}: ${record.failed} of ${record.total} chunks could not be compared`,
        {
          hint: "The workers' logs say why; then verify again",
        },
      );
    }
    const result = conclude(run.id, options.mode, record.counts);
    if (options.json) printJson(result);
    else print(formatVerification(result));
    return result.ok ? 0 : 3;
  });
}

/**
 * How many sessions of which chunks to look at. A count takes all, and the target's own chunk past the last; a
 * sample picks as many places in the session-id order, each as likely as any other.
 */
export function planVerification(
  run: Pick<Run, "total" | "planned" | "chunkSize">,
  options: VerifyOptions,
): Map<number, number> {
  if (options.mode === "count") {
    return new Map(Array.from({ length: run.total + 1 }, (_, chunk) => [chunk, 0]));
  }
  const sizes = new Map<number, number>();
  for (const place of pickDistinct(options.sample, run.planned)) {
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

async function untilVerified(
  queue: QueueConnection,
  run: Run,
  id: string,
): Promise<VerificationRecord> {
  const bar =
    terminal.animated && !isQuiet()
      ? new SingleBar({
          format: "verifying {bar} {percentage}% · {value}/{total} chunks",
          barCompleteChar: "█",
          barIncompleteChar: "░",
          barsize: 24,
          stream: process.stderr,
          hideCursor: true,
        })
      : null;
  bar?.start(1, 0);
  try {
    let waiting: string | null = null;
    for (;;) {
      const record = await throughOutages(() => readVerification(queue, run.id));
      if (record === null) throw new RehomeError("unknown-run", `run ${run.id} is gone`);
      // Its counts are of another mode and other sessions.
      if (record.id !== id) {
        throw new RehomeError("not-verified", `run ${run.id}: another verification has begun`, {
          hint: "Only one at a time has a verdict: verify again when that one has ended",
        });
      }
      if (record.waiting !== null && record.waiting !== waiting) note(record.waiting);
      waiting = record.waiting;
      bar?.setTotal(record.total);
      bar?.update(record.done + record.failed);
      if (record.done + record.failed >= record.total) return record;
      await sleep(POLL_MS);
    }
  } finally {
    bar?.stop();
  }
}
