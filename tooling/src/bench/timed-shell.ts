import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { findClientTool, plainEnvironment, thisMachine } from "../local-services/index.js";

export interface ShellRun {
  readonly code: number | null;
  readonly said: string;
  readonly complained: string;
  readonly seconds: number;
  /** Of the processes that it started. */
  readonly processorSeconds: number;
}

/** Runs a line of bash with psql as `$PSQL`, on the source as `$SOURCE_URL`. */
export async function runTimed(
  line: string,
  source: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<ShellRun> {
  const { url, password } = takePassword(source);
  const env = {
    ...plainEnvironment(thisMachine()),
    PSQL: await findClientTool("psql"),
    SOURCE_URL: url.href,
    PGPASSWORD: password,
    ...environment,
  };
  const script = `set -o pipefail\n${line}\ncode=$?; times >&2; exit $code`;
  const started = performance.now();
  const shell = spawn("bash", ["-c", script, "bash", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => shell.once("close", resolve));
  const [said, complained, code] = await Promise.all([
    text(shell.stdout),
    text(shell.stderr),
    ended,
  ]);
  const seconds = (performance.now() - started) / 1000;
  return { code, said, complained, seconds, processorSeconds: childSeconds(complained) };
}

/** Passwords go by the environment, since arguments show in process lists. */
export function takePassword(text: string): { url: URL; password: string } {
  const url = new URL(text);
  const password = decodeURIComponent(url.password);
  url.password = "";
  return { url, password };
}

/** The last line of bash's `times`: user and system time of its children. */
function childSeconds(times: string): number {
  const spent = [...times.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2);
  return spent.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
}
