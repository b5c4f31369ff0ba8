import { RehomeError } from "@rehome/core";
import type { QueueConnection } from "./connection.js";

export interface QueueFacts {
  /** Redis's `run_id` of the server's process: two URLs with the same one lead to the same server. */
  readonly runId: string;
  readonly version: string;
  readonly warnings: readonly string[];
}

/**
 * Preflight of the queue Redis. Throws RehomeError `queue-evicts` under any eviction policy but `noeviction`,
 * with which jobs and ledger could vanish one key at a time (BullMQ only logs a warning).
 */
export async function inspectQueue(queue: QueueConnection): Promise<QueueFacts> {
  const info = parseInfo(await readInfo(queue));
  if (info.get("redis_mode") === "sentinel") {
    throw new RehomeError("queue-sentinel", "QUEUE_URL leads to a Sentinel, which holds no jobs", {
      hint: "Give it the address of the master, which the Sentinel tells: SENTINEL get-master-addr-by-name <name>",
      exitCode: 2,
    });
  }
  const policy = info.get("maxmemory_policy") ?? "unknown";
  if (policy !== "noeviction") {
    throw new RehomeError(
      "queue-evicts",
      `the queue Redis may evict keys: its maxmemory-policy is ${policy}`,
      {
        hint: "On the server of QUEUE_URL run: redis-cli CONFIG SET maxmemory-policy noeviction",
        exitCode: 2,
      },
    );
  }
  const warnings: string[] = [];
  if (info.get("aof_enabled") === "0") {
    warnings.push(
      "the queue Redis has no append-only file: a crash of it can lose the latest progress",
    );
  }
  return { runId: info.get("run_id") ?? "", version: info.get("redis_version") ?? "", warnings };
}

/** Without it nobody knows whether the server evicts keys. */
async function readInfo(queue: QueueConnection): Promise<string> {
  return await queue.redis.info().catch((error: unknown) => {
    if (!(error instanceof RehomeError && /^queue-(NOPERM|ERR)$/.test(error.code))) throw error;
    throw new RehomeError(
      "queue-unknown-policy",
      "the queue Redis does not allow INFO, so nobody knows whether it evicts keys",
      { hint: "Allow the user of QUEUE_URL the command INFO", exitCode: 2 },
    );
  });
}

function parseInfo(text: string): Map<string, string> {
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}

/** Rejects with a RehomeError while the queue Redis does not answer. */
export async function pingQueue(queue: QueueConnection): Promise<void> {
  await queue.redis.ping();
}
