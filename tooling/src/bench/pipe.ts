import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { findClientTool, plainEnvironment, thisMachine } from "../local-services/index.js";
import type { Arena, Contender } from "./contender.js";

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

const PIPE = `set -o pipefail
printf '%s\\n' "$SETTINGS" "$SQL;" | "$PSQL" -X -q -A -t -R '' -v ON_ERROR_STOP=1 "$SOURCE_URL" |
"$REDIS_CLI" "$@" --pipe
code=$?; times >&2; exit $code`;

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
    exactExpiry: true,
    move: async (arena) => {
      const { urls, sessions } = arena;
      const [source, target] = [takePassword(urls.SOURCE_URL), takePassword(urls.TARGET_URL)];
      const env = {
        ...plainEnvironment(thisMachine()),
        SETTINGS: settings(arena),
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
      if (code !== 0 || !said.includes(`errors: 0, replies: ${commands * sessions}`))
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
