import { findClientTool } from "../local-services/index.js";
import type { Arena, Contender } from "./contender.js";
import { runTimed, takePassword } from "./timed-shell.js";

/**
 * Of psql, in the way of someone who knows both databases. Not COPY, whose text form escapes the ends of lines; a cursor,
 * lest psql hold the whole result, planned for all of its rows; no JIT, and memory for hash joins over whole tables: each
 * of these made it faster.
 */
export const tuned = ({ workMem }: Arena): string => `\\set FETCH_COUNT 10000
SET jit = off; SET work_mem = '${workMem}'; SET cursor_tuple_fraction = 1; SET TimeZone = 'UTC';`;

export const plain = (): string => "";

/** A value as an argument in Redis's protocol, in SQL. */
export const argument = (value: string): string =>
  `'$' || octet_length(${value}) || e'\\r\\n' || ${value} || e'\\r\\n'`;

const PIPE = `
printf '%s\\n' "$SETTINGS" "$SQL;" | "$PSQL" -X -q -A -t -R '' -v ON_ERROR_STOP=1 "$SOURCE_URL" |
"$REDIS_CLI" "$@" --pipe`;

export interface Typed {
  readonly name: string;
  /** Lines that psql reads before the statement. */
  readonly settings: (arena: Arena) => string;
  readonly sql: string;
  /** How many commands it prints of each session. */
  readonly commands: number;
}

/** SQL that prints Redis's protocol, into redis-cli. */
export function pipe({ name, settings, sql, commands }: Typed): Contender {
  return {
    name,
    leaves: "milliseconds",
    move: async (arena) => {
      const { urls, sessions } = arena;
      const target = takePassword(urls.TARGET_URL);
      const environment = {
        SETTINGS: settings(arena),
        SQL: sql,
        REDIS_CLI: await findClientTool("redis-cli"),
        // Where there is none, redis-cli must not try an empty one.
        ...(target.password !== "" && { REDISCLI_AUTH: target.password }),
      };
      const run = await runTimed(PIPE, urls.SOURCE_URL, environment, redisCliOptions(target.url));
      const { code, said, complained, seconds, processorSeconds } = run;
      if (code !== 0 || !said.includes(`errors: 0, replies: ${commands * sessions}`))
        throw new Error(`${name} failed: ${said}${complained}`);
      return { moved: sessions, seconds, loaderSeconds: processorSeconds, peakBytes: null };
    },
  };
}

function redisCliOptions({ protocol, hostname, port, username, pathname }: URL): string[] {
  const host = hostname.replaceAll(/[[\]]/g, "");
  const options = ["-h", host, "-p", port || "6379", "-n", pathname.slice(1) || "0"];
  if (username !== "") options.push("--user", decodeURIComponent(username));
  if (protocol === "rediss:") options.push("--tls");
  return options;
}
