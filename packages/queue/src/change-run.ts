import { isActive, type Phase, phasesBefore, RehomeError, type RunId } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { ACTIVE_KEY, runKeys } from "./keys.js";
import { rethrow } from "./run-record.js";
import { loadScript } from "./script.js";

const changeScript = loadScript("change-phase");

/** Enters a phase, if the run is in one from which that is legal. Throws RehomeError `wrong-phase` otherwise. */
export async function changePhase(
  queue: QueueConnection,
  run: RunId,
  to: Phase,
  notice?: string,
): Promise<void> {
  const found = await changeScript(
    queue.redis,
    [runKeys(run).run, ACTIVE_KEY],
    [run, to, notice ?? "", isActive(to) ? 0 : 1, ...phasesBefore(to)],
  );
  if (found !== null)
    throw new RehomeError("wrong-phase", `run ${run} is ${found as Phase}, it cannot become ${to}`);
}

/** The run cannot go on, and says why. One that has ended already stays as it is. */
export async function stopRun(queue: QueueConnection, run: RunId, notice: string): Promise<void> {
  await changePhase(queue, run, "failed", notice).catch((error: unknown) => {
    if (!(error instanceof RehomeError && error.code === "wrong-phase")) throw error;
  });
}

/** Says what the run waits for, or stops saying it. */
export async function setNotice(queue: QueueConnection, run: RunId, notice: string): Promise<void> {
  await queue.redis.hset(runKeys(run).run, "notice", notice).catch(rethrow);
}
