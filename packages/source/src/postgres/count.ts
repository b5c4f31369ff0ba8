import type { Range, ResolvedStore } from "@rehome/core";
import type { Connections } from "./connections.js";
import { idColumnOf } from "./id-column.js";
import { matchRange } from "./match.js";

export async function countSessions(
  connections: Connections,
  store: ResolvedStore,
  range: Range,
): Promise<number> {
  const id = idColumnOf(store);
  const [row] = await connections.query<{ count: string }>(
    `SELECT count(*) FROM ${id.from} WHERE ${matchRange(range)(id.sql)}`,
  );
  return Number(row?.count);
}
