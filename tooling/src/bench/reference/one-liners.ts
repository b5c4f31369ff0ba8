import { argument, pipe, plain, tuned } from "../pipe.js";

/** One field of HSET, in the words of Redis's protocol; nothing where the value is NULL. */
const field = (name: string, value: string): string =>
  `e'$${name.length}\\r\\n${name}\\r\\n' || ${argument(value)}`;
const optional = (name: string, value: string): string => `coalesce(${field(name, value)}, '')`;

const iso = (column: string): string => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const ATTRIBUTES = `count(*) AS attributes,
                    string_agg('$' || octet_length(attribute_key) || e'\\r\\n' || attribute_key || e'\\r\\n$'
                               || octet_length(attribute_value) || e'\\r\\n' || attribute_value || e'\\r\\n', '') AS fields
               FROM session_data WHERE attribute_value IS NOT NULL`;

const select = (joinAttributes: string): string => `
SELECT '*' || 16 + 2 * (num_nonnulls(p.theme, p.language, p.notifications_enabled) + coalesce(d.attributes, 0))
       || e'\\r\\n$4\\r\\nHSET\\r\\n$' || octet_length(s.key) || e'\\r\\n' || s.key || e'\\r\\n'
       || ${field("user_id", "s.user_id::text")} || ${field("username", "u.username")} || ${field("email", "u.email")}
       || ${field("ip_address", "s.ip_address")} || ${field("user_agent", "s.user_agent")}
       || ${field("session_created_at", iso("s.created_at"))} || ${field("last_activity_at", iso("s.last_activity_at"))}
       || ${optional("theme", "p.theme")} || ${optional("language", "p.language")}
       || ${optional("notifications_enabled", "p.notifications_enabled::text")} || coalesce(d.fields, '')
       || e'*3\\r\\n$9\\r\\nPEXPIREAT\\r\\n$' || octet_length(s.key) || e'\\r\\n' || s.key || e'\\r\\n$13\\r\\n'
       || floor(extract(epoch FROM s.expires_at) * 1000)::bigint || e'\\r\\n'
  FROM (SELECT *, 'session:' || session_id AS key FROM user_sessions WHERE expires_at > localtimestamp) s
  JOIN users u USING (user_id)
  LEFT JOIN user_preferences p USING (user_id)
  ${joinAttributes}`;

/** One statement, which joins whole tables by hash. */
export const oneLiner = pipe({
  name: "one-liner: psql into redis-cli --pipe",
  settings: tuned,
  sql: select(
    `LEFT JOIN (SELECT session_id, ${ATTRIBUTES} GROUP BY session_id) d USING (session_id)`,
  ),
  commands: 2,
});

/** What one would type at first, to show what tuning brought: attributes by session, and all as the server has it. */
export const firstOneLiner = pipe({
  name: "one-liner, as first written",
  settings: plain,
  sql: select(`LEFT JOIN LATERAL (SELECT ${ATTRIBUTES} AND session_id = s.session_id) d ON true`),
  commands: 2,
});
