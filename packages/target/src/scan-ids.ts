import type { KeyLayout, SessionId } from "@rehome/core";
import type { Connection } from "./connection.js";
import { sessionIdOf } from "./key.js";

const PAGE = 1_000;

/**
 * The id of every key under the prefix, of whatever type, by SCAN: one that is there from start to end is given,
 * one that comes or goes meanwhile may be, and one may be given twice where the server resizes its table. Passes
 * over every key's name in the database, whatever the prefix.
 */
export async function* scanIds(
  connection: Connection,
  layout: KeyLayout,
  signal?: AbortSignal,
): AsyncGenerator<SessionId[]> {
  const pattern = `${layout.prefix.replace(/[*?[\]\\]/g, "\\$&")}*`;
  let cursor = "0";
  do {
    signal?.throwIfAborted();
    const reply = await connection.callForBytes("SCAN", [cursor, "MATCH", pattern, "COUNT", PAGE]);
    const [next, keys] = reply as [Buffer, Buffer[]];
    if (keys.length > 0) yield keys.map((key) => sessionIdOf(layout, key));
    cursor = next.toString();
  } while (cursor !== "0");
}
