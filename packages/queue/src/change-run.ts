import { randomUUID } from "node:crypto";
import { isActive, type Phase, phasesBefore, RehomeError, type RunId } from "@rehome/core";
import { finalizeRun } from "./chunk-record.js";
import type { QueueConnection } from "./connection.js";
import { ACTIVE_KEY, runKeys } from "./keys.js";
import { deleteLedger, expireLedger } from "./ledger-lifetime.js";
import { removeJobs } from "./remove-jobs.js";
import { readPaused, readRun, wrongPhase } from "./run-record.js";
import { loadScript } from "./script.js";

const changeScript = loadScript("change-phase");

/** Longer than any batch takes while the target answers. */
const PATIENCE_MS = 30_000;

/** No new batch starts on any worker. Jobs stay where they are. Throws RehomeError `wrong-phase`. */
export async function pauseRun(queue: QueueConnection, run: RunId): Promise<void> {
  await changePhase(queue, run, "paused");
  await alignQueue(queue);
}

/**
 * A paused run goes on. One whose plan is not complete must be planned further. Throws RehomeError
 * `wrong-phase`.
 */
export async function resumeRun(queue: QueueConnection, run: RunId): Promise<void> {
  const { phase, planComplete } = await readRun(queue, run);
  // An interrupted plan leaves its run in the phase it was in.
  if (phase !== "planning" || planComplete) {
    await changePhase(queue, run, planComplete ? "running" : "planning", {
      from: ["paused", "running"],
    });
  }
  await alignQueue(queue);
  await finalizeRun(queue, run);
}

/**
 * Ends a run; what was written stays. Returns how many jobs a worker still held on to. Throws RehomeError
 * `wrong-phase`.
 */
export async function cancelRun(queue: QueueConnection, run: RunId): Promise<number> {
  await changePhase(queue, run, "cancelled");
  await alignQueue(queue);
  await expireLedger(queue, run);
  return await removeJobs(queue, run, PATIENCE_MS);
}

/** Deletes the ledger of a run that has ended, and its jobs. Throws RehomeError `wrong-phase`. */
export async function forgetRun(queue: QueueConnection, run: RunId): Promise<void> {
  const { phase } = await readRun(queue, run);
  if (isActive(phase))
    throw wrongPhase(run, phase, "be forgotten", `End it first with: rehome cancel ${run}`);
  // From here on nobody can retry it.
  await changePhase(queue, run, "cancelled", { from: ["completed", "failed", "cancelled"] });
  await removeJobs(queue, run, PATIENCE_MS);
  await deleteLedger(queue, run);
}

/** The run cannot go on, and says why. One that has ended already stays as it is. */
export async function stopRun(queue: QueueConnection, run: RunId, notice: string): Promise<void> {
  await changePhase(queue, run, "failed", { notice }).catch((error: unknown) => {
    if (!(error instanceof RehomeError && error.code === "wrong-phase")) throw error;
  });
  await expireLedger(queue, run);
}

/**
 * Workers take no jobs while the active run is paused. Phase and queue are changed one after the
 * other: whoever finds that they disagree calls this.
 */
export async function alignQueue(queue: QueueConnection): Promise<void> {
  const paused = await readPaused(queue);
  const [wanted, found] = [paused !== null, await queue.jobs.isPaused()];
  if (wanted === found) return;
  await (wanted ? queue.jobs.pause() : queue.jobs.resume());
}

/**
 * Enters a phase, if the run is in one from which that is legal. Throws RehomeError `wrong-phase` otherwise.
 */
async function changePhase(
  queue: QueueConnection,
  run: RunId,
  to: Phase,
  options: { readonly from?: readonly Phase[]; readonly notice?: string } = {},
): Promise<void> {
  const from = options.from ?? phasesBefore(to);
  const found = await changeScript(
    queue.redis,
    [runKeys(run).run, ACTIVE_KEY],
    [run, to, options.notice ?? "", isActive(to) ? 0 : 1, randomUUID(), ...from],
  );
  if (found !== null) throw wrongPhase(run, found as string, `become ${to}`);
}
