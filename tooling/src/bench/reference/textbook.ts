import { makeTextbook } from "../textbook.js";

type Row = Record<string, string | null> & {
  readonly session_id: string;
  readonly expires_at: string;
} & { readonly attributes: Record<string, string | null> };

/** A join with `json_object_agg`, then HSET and EXPIREAT. */
export const textbook = makeTextbook<Row>({
  sql: `
  SELECT s.session_id, s.user_id::text, u.username, u.email, s.ip_address, s.user_agent,
         to_char(s.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS session_created_at,
         to_char(s.last_activity_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS last_activity_at,
         p.theme, p.language, p.notifications_enabled::text, extract(epoch FROM s.expires_at)::bigint AS expires_at,
         (SELECT json_object_agg(d.attribute_key, d.attribute_value) FROM session_data d WHERE d.session_id = s.session_id) AS attributes
    FROM user_sessions s
    JOIN users u ON u.user_id = s.user_id
    LEFT JOIN user_preferences p ON p.user_id = s.user_id
   ORDER BY s.session_id`,
  write: async (redis, { session_id, expires_at, attributes, ...columns }) => {
    const fields: [string, string | null][] = Object.entries({ ...columns, ...attributes });
    const key = `session:${session_id}`;
    await redis.hset(
      key,
      ...fields.flatMap(([name, value]) => (value === null ? [] : [name, value])),
    );
    await redis.expireat(key, Number(expires_at));
  },
});
