import type { SessionId } from "@rehome/core";
import type { Connections } from "./connections.js";

/** Which of these ids the source has, byte for byte. */
export async function findKnown(
  connections: Connections,
  ids: readonly SessionId[],
): Promise<Set<SessionId>> {
  // No text of PostgreSQL's holds a NUL.
  const possible = ids.filter((id) => !id.includes("\0"));
  const rows = await connections.query<{ id: SessionId }>(
    "SELECT session_id AS id FROM user_sessions WHERE session_id = ANY ($1)",
    [possible],
  );
  return new Set(rows.map(({ id }) => id));
}
