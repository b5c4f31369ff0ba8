import type { Connection } from "./connection.js";

const PAGE = 1_000;

/** About 150 MB of keys of ordinary length. */
const MAX_REMEMBERED = 1_000_000;

/**
 * Keys under the prefix, of whatever type. A key that was there from start to end is counted; one that comes or
 * goes meanwhile may be. SCAN gives a key twice where the server resizes its table: such a one is counted once
 * among the first million keys, and twice beyond. Reads every key's name in the database, whatever the prefix.
 */
export async function countKeys(
  connection: Connection,
  keyPrefix: string,
  signal?: AbortSignal,
): Promise<number> {
  const pattern = `${keyPrefix.replace(/[*?[\]\\]/g, "\\$&")}*`;
  const seen = new Set<string>();
  let beyond = 0;
  let cursor = "0";
  do {
    signal?.throwIfAborted();
    const reply = await connection.callForBytes("SCAN", [cursor, "MATCH", pattern, "COUNT", PAGE]);
    const [next, keys] = reply as [Buffer, Buffer[]];
    for (const key of keys) {
      const name = key.toString("latin1");
      if (seen.size < MAX_REMEMBERED) seen.add(name);
      else if (!seen.has(name)) beyond += 1;
    }
    cursor = next.toString();
  } while (cursor !== "0");
  return seen.size + beyond;
}
