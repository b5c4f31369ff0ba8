import type { Range, ResolvedStore, SessionId } from "@rehome/core";
import type { Connections } from "./connections.js";
import { idColumnOf } from "./id-column.js";
import { matchRange } from "./match.js";

export async function sampleIds(
  connections: Connections,
  store: ResolvedStore,
  range: Range,
  size: number,
): Promise<SessionId[]> {
  const id = idColumnOf(store);
  const rows = await connections.query<{ id: SessionId }>(
    `SELECT ${id.text} AS id FROM ${id.from} WHERE ${matchRange(range)(id.sql)} ORDER BY random() LIMIT $1`,
    [size],
  );
  return rows.map((row) => row.id);
}
