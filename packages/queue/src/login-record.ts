import { randomBytes } from "node:crypto";
import type { QueueConnection } from "./connection.js";
import { LOGIN_SECRET_KEY, LOGOUTS_KEY } from "./keys.js";
import { replies } from "./ledger-redis.js";

/**
 * The secret that dashboards sign logins with, made by the first one that asks. A login survives a restart and is valid
 * on every dashboard of this queue. Whoever can read the queue Redis could change everything there anyway.
 */
export async function readLoginSecret(queue: QueueConnection): Promise<string> {
  // A Redis that is full refuses a SET even where it would set nothing.
  const known = await queue.redis.get(LOGIN_SECRET_KEY);
  if (known !== null) return known;
  await queue.redis.set(LOGIN_SECRET_KEY, randomBytes(32).toString("hex"), "NX");
  const secret = await queue.redis.get(LOGIN_SECRET_KEY);
  if (secret === null) throw new Error("the login secret vanished while it was read");
  return secret;
}

/** Remembers a login that its user has ended until it would have expired (Unix ms). */
export async function recordLogout(
  queue: QueueConnection,
  login: string,
  expiresAt: number,
): Promise<void> {
  await replies(
    queue.redis
      .multi()
      .zadd(LOGOUTS_KEY, expiresAt, login)
      .zremrangebyscore(LOGOUTS_KEY, "-inf", String(Date.now())),
  );
}

export async function listLogouts(queue: QueueConnection): Promise<string[]> {
  return await queue.redis.zrange(LOGOUTS_KEY, "0", "-1");
}
