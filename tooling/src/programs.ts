import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import {
  plainEnvironment,
  supervise,
  type SupervisedProcess,
  thisMachine,
} from "./local-services/index.js";

/** Where npm links our commands: they are started as an operator would. The same from `src` and `dist`. */
const BIN = fileURLToPath(new URL("../../node_modules/.bin/", import.meta.url));

const READY_MS = 20_000;
const POLL_MS = 25;

export type Environment = Readonly<Record<string, string>>;

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of our commands to its end, with no more of this environment than it needs. */
export async function runProgram(
  name: "rehome" | "rehome-worker" | "rehome-dashboard",
  args: readonly string[],
  environment: Environment,
  options: { showProgress?: boolean; cwd?: string; input?: string } = {},
): Promise<Finished> {
  const shown = options.showProgress ?? false;
  const { exitCode, stdout, stderr } = await execa(process.execPath, [join(BIN, name), ...args], {
    env: { ...plainEnvironment(thisMachine()), ...(shown ? terminal() : {}), ...environment },
    extendEnv: false,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.input === undefined ? { stdin: "ignore" } : { input: options.input }),
    stderr: shown ? "inherit" : "pipe",
    reject: false,
  });
  return { code: exitCode ?? 1, stdout, stderr: stderr ?? "" };
}

/** Starts `rehome`, to be killed while it works, and in any case when this process ends. */
export function spawnRehome(args: readonly string[], environment: Environment): ChildProcess {
  const child = spawn(process.execPath, [join(BIN, "rehome"), ...args], {
    env: { ...plainEnvironment(thisMachine()), ...environment },
    stdio: "ignore",
  });
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  return child;
}

/** What a progress bar wants to know of the terminal it is drawn on. */
function terminal(): Environment {
  const known = ["TERM", "COLORTERM", "NO_COLOR", "CI"].map(
    (name) => [name, process.env[name]] as const,
  );
  return Object.fromEntries(
    known.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A long-running program, stopped when this process goes away, whatever becomes of it. */
export interface Program {
  readonly pid: number;
  readonly log: string;
  /** The log line by which it said that it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Resolves when it has ended by itself; undefined if it still runs after `timeoutMs`. */
  ended(timeoutMs: number): Promise<{ code: number | null } | undefined>;
  /** Does nothing once it has ended. */
  signal(name: NodeJS.Signals): void;
  /** Asks it to end, and insists after a while. */
  stop(): Promise<void>;
}

/** Starts a program and waits until it says that it is ready. Throws with what it said when it does not. */
export async function startProgram(
  name: "rehome-worker" | "rehome-dashboard",
  args: readonly string[],
  environment: Environment,
  log: string,
): Promise<Program> {
  const program = supervise(log, null);
  await program.start({
    file: process.execPath,
    args: [join(BIN, name), ...args],
    cwd: "/",
    env: { ...plainEnvironment(thisMachine()), ...environment },
    user: null,
    stopSignals: ["SIGTERM"],
  });
  const ready = await untilReady(program, name, log);
  const signal = (name: NodeJS.Signals) => {
    if (program.running) process.kill(program.pid, name);
  };
  return {
    pid: program.pid,
    log,
    ready,
    ended: (timeoutMs) => program.ended(timeoutMs),
    signal,
    stop: async () => {
      // One that was stopped in its tracks hears of nothing else.
      signal("SIGCONT");
      await program.release();
    },
  };
}

async function untilReady(
  program: SupervisedProcess,
  name: string,
  log: string,
): Promise<Record<string, unknown>> {
  const deadline = Date.now() + READY_MS;
  for (let running = true; running; await sleep(POLL_MS)) {
    // Asked before its log is read: it may have ended right after it got ready.
    running = Date.now() < deadline && program.running;
    const line = (await readFile(log, "utf8")).split("\n").find((text) => text.includes(' ready"'));
    if (line !== undefined) return JSON.parse(line) as Record<string, unknown>;
  }
  await program.release();
  throw new Error(`${name} did not get ready; it said:\n${await readFile(log, "utf8")}`);
}
