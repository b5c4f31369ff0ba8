import type { PoolClient } from "pg";

/**
 * Waits for what the server is to send, and rejects once not a byte of it has come for so long: a peer that
 * vanished without a word would be waited for for ever. A slow answer is no silence. Who waits for nothing is
 * not hurried either.
 */
export async function unlessSilent<T>(
  client: PoolClient,
  silenceMs: number,
  answer: Promise<T>,
): Promise<T> {
  let heard = bytesRead(client);
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const now = bytesRead(client);
      if (now === heard) reject(Object.assign(new Error("silence"), { code: "ETIMEDOUT" }));
      heard = now;
    }, silenceMs);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearInterval(timer);
    // Of the two the slower one may still fail, when nobody asks any more.
    answer.catch(() => undefined);
  }
}

function bytesRead({ connection: { stream } }: PoolClient): number {
  return "bytesRead" in stream ? Number(stream.bytesRead) : 0;
}
