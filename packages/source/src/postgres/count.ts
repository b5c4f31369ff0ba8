import type { Range } from "@rehome/core";
import type { Connections } from "./connections.js";
import { matchRange } from "./statement.js";

export async function countSessions(connections: Connections, range: Range): Promise<number> {
  const [row] = await connections.query<{ count: string }>(
    `SELECT count(*) FROM user_sessions WHERE ${matchRange(range)("session_id")}`,
  );
  return Number(row?.count);
}
