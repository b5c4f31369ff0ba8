import { randomUUID } from "node:crypto";
import type { RunId } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import { whileRenewing } from "./lease.js";
import { loadScript } from "./script.js";

const holdScript = loadScript("hold-plan");
const leaveScript = loadScript("leave-plan");

/** A planner that has not renewed its lease for this long is taken for dead, and another may go on with the plan. */
const LEASE_MS = 3_000;

/**
 * Does `work` as the run's only planner; null at once if another process is planning. The lease only keeps two planners
 * from getting in each other's way: one that wakes up after its lease has run out cannot harm the plan either (see
 * record-bounds.lua).
 */
export async function asPlanner<T>(
  queue: QueueConnection,
  run: RunId,
  work: () => Promise<T>,
): Promise<{ readonly result: T } | null> {
  const keys = runKeys(run);
  const self = randomUUID();
  const hold = () => holdScript(queue.redis, [keys.run, keys.planner], [self, LEASE_MS]);
  if ((await hold()) !== 1) return null;
  try {
    return { result: await whileRenewing(hold, work) };
  } finally {
    await leaveScript(queue.redis, [keys.planner], [self]).catch(() => undefined);
  }
}
