import type { RunId, Sample } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import { parseSample } from "./status.js";

/**
 * How many sessions had been read at what time: `recent`, at most one a second of the last 15 minutes, and `whole`, over
 * the whole run. With `latest`, only that many of the last samples of each.
 */
export async function readSamples(
  queue: QueueConnection,
  run: RunId,
  latest = 0,
): Promise<{ recent: Sample[]; whole: Sample[] }> {
  const keys = runKeys(run);
  const [recent, whole] = await Promise.all([
    queue.redis.lrange(keys.samples, -latest, -1),
    queue.redis.lrange(keys.series, -latest, -1),
  ]);
  return { recent: recent.map(parseSample), whole: whole.map(parseSample) };
}
