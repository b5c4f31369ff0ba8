import { columnOf, type ResolvedStore, type SessionId } from "@rehome/core";
import type { Connections } from "./connections.js";
import { idColumnOf } from "./id-column.js";

/** As PostgreSQL writes a uuid: no other form is found, as no other is byte for byte the same. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Which of these ids the source has, byte for byte. */
export async function findKnown(
  connections: Connections,
  store: ResolvedStore,
  ids: readonly SessionId[],
): Promise<Set<SessionId>> {
  const id = idColumnOf(store);
  const isUuid = columnOf(store, 0, store.sessions.id).type === "uuid";
  // No text of PostgreSQL's holds a NUL.
  const possible = ids.filter((one) => !one.includes("\0") && (!isUuid || UUID.test(one)));
  const rows = await connections.query<{ id: SessionId }>(
    `SELECT ${id.text} AS id FROM ${id.from} WHERE ${id.sql} = ANY ($1)`,
    [possible],
  );
  return new Set(rows.map((row) => row.id));
}
