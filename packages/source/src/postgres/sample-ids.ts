import type { Range, SessionId } from "@rehome/core";
import type { Connections } from "./connections.js";
import { matchRange } from "./statement.js";

export async function sampleIds(
  connections: Connections,
  range: Range,
  size: number,
): Promise<SessionId[]> {
  const rows = await connections.query<{ session_id: SessionId }>(
    `SELECT session_id FROM user_sessions WHERE ${matchRange(range)("session_id")} ORDER BY random() LIMIT $1`,
    [size],
  );
  return rows.map((row) => row.session_id);
}
