import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { findClientTool, plainEnvironment, thisMachine } from "../local-services/index.js";
import type { Contender } from "./contender.js";

/** One field of HSET, in the words of Redis's protocol; nothing where the value is NULL. */
const field = (name: string, value: string): string =>
  `'$${name.length}' || e'\\r\\n${name}\\r\\n$' || octet_length(${value}) || e'\\r\\n' || ${value} || e'\\r\\n'`;
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

const PIPE = `set -o pipefail
printf '%s\\n' "$SETTINGS" "$SQL;" | "$PSQL" -X -q -A -t -R '' -v ON_ERROR_STOP=1 "$SOURCE_URL" |
"$REDIS_CLI" "$@" --pipe
code=$?; times >&2; exit $code`;

interface Typed {
  readonly name: string;
  /** Lines that psql reads before the statement. */
  readonly settings: string;
  readonly sql: string;
}

/**
 * What someone who knows both databases would type. Not COPY, whose text form escapes the ends of lines; a cursor,
 * lest psql hold the whole result, planned for all of its rows; no JIT, and memory for hash joins over whole tables:
 * each of these made it faster.
 */
export const oneLiner = pipe({
  name: "one-liner: psql into redis-cli --pipe",
  settings: `\\set FETCH_COUNT 10000
SET jit = off; SET work_mem = '256MB'; SET cursor_tuple_fraction = 1; SET TimeZone = 'UTC';`,
  sql: select(
    `LEFT JOIN (SELECT session_id, ${ATTRIBUTES} GROUP BY session_id) d USING (session_id)`,
  ),
});

/** What they would type at first, to show what tuning brought: attributes by session, and all as the server has it. */
export const firstOneLiner = pipe({
  name: "one-liner, as first written",
  settings: "",
  sql: select(`LEFT JOIN LATERAL (SELECT ${ATTRIBUTES} AND session_id = s.session_id) d ON true`),
});

/** SQL that prints Redis's protocol, into redis-cli. */
function pipe({ name, settings, sql }: Typed): Contender {
  return {
    name,
    exactExpiry: true,
    move: async ({ urls, sessions }) => {
      const [source, target] = [takePassword(urls.SOURCE_URL), takePassword(urls.TARGET_URL)];
      const env = {
        ...plainEnvironment(thisMachine()),
        SETTINGS: settings,
        SQL: sql,
        PSQL: await findClientTool("psql"),
        REDIS_CLI: await findClientTool("redis-cli"),
        SOURCE_URL: source.url.href,
        PGPASSWORD: source.password,
        // Where there is none, redis-cli must not try an empty one.
        ...(target.password !== "" && { REDISCLI_AUTH: target.password }),
      };
      const started = performance.now();
      const shell = spawn("bash", ["-c", PIPE, "bash", ...redisCliOptions(target.url)], {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = new Promise((resolve) => shell.once("close", resolve));
      const [said, complained, code] = await Promise.all([
        text(shell.stdout),
        text(shell.stderr),
        ended,
      ]);
      const seconds = (performance.now() - started) / 1000;
      if (code !== 0 || !said.includes(`errors: 0, replies: ${2 * sessions}`))
        throw new Error(`${name} failed: ${said}${complained}`);
      return { moved: sessions, seconds, loaderSeconds: childSeconds(complained), peakBytes: null };
    },
  };
}

/** Passwords go by the environment, since arguments show in process lists. */
function takePassword(text: string): { url: URL; password: string } {
  const url = new URL(text);
  const password = decodeURIComponent(url.password);
  url.password = "";
  return { url, password };
}

function redisCliOptions({ protocol, hostname, port, username, pathname }: URL): string[] {
  const host = hostname.replaceAll(/[[\]]/g, "");
  const options = ["-h", host, "-p", port || "6379", "-n", pathname.slice(1) || "0"];
  if (username !== "") options.push("--user", decodeURIComponent(username));
  if (protocol === "rediss:") options.push("--tls");
  return options;
}

/** The last line of bash's `times`: user and system time of its children. */
function childSeconds(times: string): number {
  const spent = [...times.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2);
  return spent.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
}
