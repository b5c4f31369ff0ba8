import { isRunId, type RunId } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { KEY_PREFIX, RUNS_KEY, runKeys } from "./keys.js";
import { loadScript } from "./script.js";

const alignScript = loadScript("align-lifetime");
const markScript = loadScript("mark-lifetime");

/** In the run's record: "1" when all of its ledger will expire, "0" when not all of it is kept yet. */
const EXPIRES = "expires";

/**
 * Makes the ledger of a run that has ended expire 30 days after the end; what is recorded later gets the same expiry by
 * itself. Harmless when repeated.
 */
export async function expireLedger(queue: QueueConnection, run: RunId): Promise<void> {
  const { run: record } = runKeys(run);
  if ((await queue.redis.hget(record, EXPIRES)) === "1") return;
  await alignLifetimes(queue, run);
  await markScript(queue.redis, [record], [1]);
}

/** Keeps the ledger of a run that goes on again, if that is not done yet. */
export async function keepLedger(queue: QueueConnection, run: RunId): Promise<void> {
  const { run: record } = runKeys(run);
  if ((await queue.redis.hget(record, EXPIRES)) === null) return;
  await alignLifetimes(queue, run);
  await markScript(queue.redis, [record], [0]);
}

/** Deletes a run's ledger, whatever is left of it. */
export async function deleteLedger(queue: QueueConnection, run: RunId): Promise<void> {
  await queue.redis.zrem(RUNS_KEY, run);
  const { run: record } = runKeys(run);
  for (const key of await keysOf(queue, run)) {
    if (key !== record) await queue.redis.unlink(key);
  }
  await queue.redis.unlink(record);
}

async function alignLifetimes(queue: QueueConnection, run: RunId): Promise<void> {
  const { run: record, planner, reopening, rateLimiter } = runKeys(run);
  // These have a short expiry of their own, whatever becomes of the run.
  const soon = new Set([planner, reopening, rateLimiter]);
  for (const key of await keysOf(queue, run)) {
    const lasts = key !== record && !soon.has(key) && !key.startsWith(`${record}:staged:`);
    if (lasts) await alignLifetime(queue, run, [key]);
  }
  await alignLifetime(queue, run, [record]);
}

/** Gives keys of a ledger the lifetime that its run has now. */
export async function alignLifetime(
  queue: QueueConnection,
  run: RunId,
  keys: readonly string[],
): Promise<void> {
  await alignScript(queue.redis, [runKeys(run).run, ...keys], []);
}

/** By SCAN, so that rejects of chunks that were never recorded are found as well. */
async function keysOf(queue: QueueConnection, run: RunId): Promise<Set<string>> {
  if (!isRunId(run)) throw new TypeError("not a run's id");
  const found = new Set<string>();
  let cursor = "0";
  do {
    const [next, keys] = await queue.redis.scan(
      cursor,
      "MATCH",
      `${KEY_PREFIX}:run:${run}*`,
      "COUNT",
      1_000,
    );
    for (const key of keys) found.add(key);
    cursor = next;
  } while (cursor !== "0");
  return found;
}
