import type { ResolvedStore, SessionId } from "@rehome/core";
import type { Connections } from "./connections.js";
import { idColumnOf } from "./id-column.js";
import { possibleIds } from "./match.js";

/** Which of these ids the source has, byte for byte. */
export async function findKnown(
  connections: Connections,
  store: ResolvedStore,
  ids: readonly SessionId[],
): Promise<Set<SessionId>> {
  const id = idColumnOf(store);
  const rows = await connections.query<{ id: SessionId }>(
    `SELECT ${id.text} AS id FROM ${id.from} WHERE ${id.sql} = ANY ($1)`,
    [possibleIds(store, ids)],
  );
  return new Set(rows.map((row) => row.id));
}
