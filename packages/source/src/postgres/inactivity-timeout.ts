import type { PoolClient } from "pg";

/**
 * Waits for an answer of the server, and rejects with `ETIMEDOUT` once no byte has arrived for this long: without it, a
 * peer that vanished without closing the connection would be waited for without end. An answer that is slow but still
 * arriving does not time out, and neither does a connection on which nothing is waited for.
 */
export async function withInactivityTimeout<T>(
  client: PoolClient,
  inactivityTimeoutMs: number,
  answer: Promise<T>,
): Promise<T> {
  let heard = bytesRead(client);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const now = bytesRead(client);
      if (now === heard)
        reject(Object.assign(new Error("inactivity timeout"), { code: "ETIMEDOUT" }));
      heard = now;
    }, inactivityTimeoutMs);
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearInterval(timer);
    // The answer may still fail later, when nobody waits for it any more.
    answer.catch(() => undefined);
  }
}

function bytesRead({ connection: { stream } }: PoolClient): number {
  return "bytesRead" in stream ? Number(stream.bytesRead) : 0;
}
