import type { Expected } from "../workload.js";

type Fields = Readonly<Record<string, string>>;

export const expected: Expected = {
  table: "user_sessions",
  id: "session_id",
  keyPrefix: "session:",
  sql: `
  SELECT s.session_id AS id, floor(extract(epoch FROM s.expires_at) * 1000)::bigint::text AS expires_at,
         jsonb_strip_nulls(jsonb_build_object(
           'user_id', s.user_id::text, 'username', u.username, 'email', u.email, 'ip_address', s.ip_address,
           'user_agent', s.user_agent, 'theme', p.theme, 'language', p.language,
           'notifications_enabled', p.notifications_enabled::text,
           'session_created_at', to_char(s.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'last_activity_at', to_char(s.last_activity_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
           || (SELECT jsonb_object_agg(attribute_key, attribute_value) FROM session_data d WHERE d.session_id = s.session_id)) AS value
    FROM user_sessions s JOIN users u USING (user_id) LEFT JOIN user_preferences p USING (user_id)`,
  holds: async (redis, key, value) => sorted(await redis.hgetall(key)) === sorted(value as Fields),
};

function sorted(fields: Fields): string {
  return JSON.stringify(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
