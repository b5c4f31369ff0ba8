import { createHmac } from "node:crypto";
import type { Redis } from "ioredis";
import type pg from "pg";

export interface ExampleSession {
  readonly fingerprint: string;
  /** Table name to its rows, as `column: value`. */
  readonly source: readonly (readonly [table: string, rows: readonly (readonly string[])[]])[];
  readonly target: readonly (readonly [field: string, value: string])[];
  readonly expiresInSeconds: number;
}

/** One migrated session with preferences and attributes, beside the rows it was made of. */
export async function readExample(
  source: pg.Client,
  target: Redis,
  queue: Redis,
  run: string,
): Promise<ExampleSession> {
  const { rows } = await source.query<{ id: string; user_id: number }>(
    `SELECT s.session_id AS id, s.user_id FROM user_sessions s
       JOIN user_preferences USING (user_id)
       JOIN session_data d USING (session_id)
      WHERE s.expires_at > localtimestamp + interval '1 hour' AND s.user_agent IS NOT NULL
      GROUP BY 1, 2 HAVING count(d.attribute_value) >= 2 ORDER BY md5(s.session_id) LIMIT 1`,
  );
  const session = rows[0];
  if (session === undefined) throw new Error("there is no session with preferences and attributes");
  const read = async (columns: string, table: string, key: "session_id" | "user_id") => {
    const value = key === "session_id" ? session.id : session.user_id;
    const found = await source.query<Record<string, unknown>>(
      `SELECT row_to_json(t) AS row FROM (SELECT ${columns} FROM ${table} WHERE ${key} = $1) t`,
      [value],
    );
    return found.rows.map(({ row }) =>
      Object.entries(row as object).map(([name, cell]) => `${name}: ${String(cell)}`),
    );
  };
  const key = `session:${session.id}`;
  return {
    fingerprint: await fingerprint(queue, run, session.id),
    source: [
      [
        "user_sessions",
        await read(
          "user_id, ip_address, user_agent, created_at, last_activity_at, expires_at",
          "user_sessions",
          "session_id",
        ),
      ],
      ["users", await read("username, email", "users", "user_id")],
      [
        "user_preferences",
        await read("theme, language, notifications_enabled", "user_preferences", "user_id"),
      ],
      ["session_data", await read("attribute_key, attribute_value", "session_data", "session_id")],
    ],
    target: Object.entries(await target.hgetall(key)),
    expiresInSeconds: Math.round((await target.pttl(key)) / 1000),
  };
}

/** As Rehome shows ids of this run; the run's secret is in its ledger. */
async function fingerprint(queue: Redis, run: string, id: string): Promise<string> {
  const frozen = JSON.parse((await queue.hget(`{rehome}:run:${run}`, "frozen")) ?? "{}") as {
    fingerprintKey?: string;
  };
  if (frozen.fingerprintKey === undefined) throw new Error(`run ${run} is not in the ledger`);
  return createHmac("sha256", frozen.fingerprintKey).update(id).digest("hex").slice(0, 12);
}
