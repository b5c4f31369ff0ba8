import { type Phase, RehomeError, type RunId } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import { loadScript } from "./script.js";

const changeScript = loadScript("change-rate");

/**
 * How many sessions a second all workers together may take from now on; null for no limit. Throws RehomeError
 * `wrong-phase` when the run has ended.
 */
export async function changeRate(
  queue: QueueConnection,
  run: RunId,
  maxRate: number | null,
): Promise<void> {
  const keys = runKeys(run);
  const found = (await changeScript(queue.redis, [keys.run, keys.rateLimiter], [maxRate ?? ""])) as
    | string
    | null;
  if (found === null) return;
  throw new RehomeError(
    "wrong-phase",
    `run ${run} is ${found}: its rate can no longer be changed`,
    {
      hint: `See where it stands with: rehome status ${run}`,
    },
  );
}

/** What a batch checks again while it waits for the rate limit; the phase is null once the run is gone. */
export async function readRateLimit(
  queue: QueueConnection,
  run: RunId,
): Promise<{ phase: Phase | null; maxRate: number | null }> {
  const [phase = null, rate] = await queue.redis.hmget(runKeys(run).run, "phase", "maxRate");
  return { phase: phase as Phase | null, maxRate: rate ? Number(rate) : null };
}
