import { findClientTool } from "../local-services/index.js";

/** One field of HSET, in the words of Redis's protocol; nothing where the value is NULL. */
const field = (name: string, value: string): string =>
  `'$${name.length}' || e'\\r\\n${name}\\r\\n$' || octet_length(${value}) || e'\\r\\n' || ${value} || e'\\r\\n'`;
const optional = (name: string, value: string): string => `coalesce(${field(name, value)}, '')`;

const iso = (column: string): string => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/**
 * What someone who knows both databases would write: HSET and PEXPIREAT as RESP, made by one query with hash
 * joins over whole tables, its attributes grouped along their index. Tried without JIT and with more memory, both
 * of which made it faster, and with parallel workers, which the server chooses by itself.
 */
const SQL = `
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
  LEFT JOIN (SELECT session_id, count(*) AS attributes,
                    string_agg('$' || octet_length(attribute_key) || e'\\r\\n' || attribute_key || e'\\r\\n$'
                               || octet_length(attribute_value) || e'\\r\\n' || attribute_value || e'\\r\\n', '') AS fields
               FROM session_data WHERE attribute_value IS NOT NULL GROUP BY session_id) d USING (session_id)`;

/** Not COPY, whose text form would escape the line ends; a cursor, lest psql hold the whole result. */
export async function oneLiner(): Promise<{ script: string; sql: string }> {
  const [psql, redisCli] = [await findClientTool("psql"), await findClientTool("redis-cli")];
  return {
    script: `set -o pipefail
      { echo "SET jit = off; SET work_mem = '256MB'; SET TimeZone = 'UTC';"; printf '%s;\\n' "$SQL"; } |
      ${psql} -X -q -A -t -R '' -v FETCH_COUNT=10000 "$SOURCE_URL" | ${redisCli} -h 127.0.0.1 -p "$TARGET_PORT" --pipe`,
    sql: SQL,
  };
}
