import { isRunId, type RunId } from "@rehome/core";
import { z } from "zod";
import type { QueueConnection } from "./connection.js";
import { AUDIT_KEY } from "./keys.js";
import { replies } from "./ledger-redis.js";
import { serverTime } from "./server-time.js";

/** What an operator did on the dashboard. */
const actionSchema = z.strictObject({
  /** ISO 8601, by the queue Redis's clock. */
  at: z.iso.datetime(),
  /** A user's name. */
  who: z.string().max(64),
  /** A verb, as on the command line. */
  what: z.string().max(64),
  run: z.custom<RunId>((value) => typeof value === "string" && isRunId(value)),
  /** What came of it, in a sentence fit to be shown. */
  outcome: z.string().max(500),
  ok: z.boolean(),
});

export type Action = z.infer<typeof actionSchema>;

const KEPT = 200;

export async function recordAction(
  queue: QueueConnection,
  action: Omit<Action, "at">,
): Promise<void> {
  const at = new Date(await serverTime(queue.redis)).toISOString();
  await replies(
    queue.redis
      .multi()
      .lpush(AUDIT_KEY, JSON.stringify({ at, ...action }))
      .ltrim(AUDIT_KEY, 0, KEPT - 1),
  );
}

/** The latest actions on any run, newest first; at most 200 are kept. */
export async function listActions(queue: QueueConnection, limit: number): Promise<Action[]> {
  const lines = await queue.redis.lrange(AUDIT_KEY, 0, limit - 1);
  return lines.flatMap((line) => {
    try {
      return [actionSchema.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}
