import type { QueueConnection } from "./connection.js";
import type { LedgerRedis } from "./ledger-redis.js";

/** The queue Redis's clock, in Unix ms: the clocks of workers and operators need not agree. */
export async function serverTime(redis: LedgerRedis): Promise<number> {
  return parseTime(await redis.time());
}

export async function readQueueTime(queue: QueueConnection): Promise<number> {
  return await serverTime(queue.redis);
}

/** A reply to TIME, in Unix ms. */
export function parseTime(reply: unknown): number {
  const [seconds, microseconds] = reply as [string | number, string | number];
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
