import type { Survey } from "../source.js";
import type { Connections } from "./connections.js";
import { absolute } from "./statement.js";

/** More names are of no use to a reader. */
const MAX_NAMES = 50;

/** Counts for a dry run, by the server's own clock. Reads every table once. */
export async function survey(
  connections: Connections,
  { timeZone, colliding }: { readonly timeZone: string; readonly colliding: readonly string[] },
): Promise<Survey> {
  const [sessions] = await connections.query<{ total: string; expired: string }>(
    `SELECT count(*) AS total, count(*) FILTER (WHERE ${absolute("expires_at", timeZone)} <= now()) AS expired
       FROM user_sessions`,
  );
  const [users] = await connections.query<{ bare: string }>(
    `SELECT count(*) AS bare FROM users u
      WHERE NOT EXISTS (SELECT FROM user_preferences p WHERE p.user_id = u.user_id)`,
  );
  const attributes = await connections.query<{ name: string; sessions: string }>(
    `SELECT attribute_key AS name, count(*) AS sessions FROM session_data
      GROUP BY attribute_key ORDER BY count(*) DESC, attribute_key LIMIT ${MAX_NAMES}`,
  );
  const [collisions] = await connections.query<{ sessions: string }>(
    "SELECT count(DISTINCT session_id) AS sessions FROM session_data WHERE attribute_key = ANY ($1)",
    [colliding],
  );
  return {
    total: Number(sessions?.total),
    expired: Number(sessions?.expired),
    usersWithoutPreferences: Number(users?.bare),
    attributes: attributes.map((row) => ({ name: row.name, sessions: Number(row.sessions) })),
    collidingSessions: Number(collisions?.sessions),
  };
}
