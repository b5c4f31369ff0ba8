import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { User } from "./unprivileged-user.js";

/** The same two steps up from src/local-services and from dist/local-services. */
const SUPERVISOR = fileURLToPath(new URL("../../bin/supervise.js", import.meta.url));

/** More than a server's two stop signals and SIGKILL together may take, 10 s each. */
const STOP_DEADLINE_MS = 45_000;
const START_DEADLINE_MS = 20_000;

export interface Command {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  user: User | null;
  /** Tried one after the other, 10 s apart; SIGKILL follows by itself. */
  stopSignals: NodeJS.Signals[];
  /** Run after the process has ended, however it ended: what else it may have left running. */
  reap?: string[];
}

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  error: string | null;
}

/** One process at a time, in the care of a supervisor that stops it when this process goes away. */
export interface SupervisedProcess {
  /** Of the process that runs now, or of the last one. */
  readonly pid: number;
  readonly running: boolean;
  start(command: Command): Promise<void>;
  /** Resolves when the started process has ended; undefined if it still runs after `timeout` ms. */
  ended(timeout: number): Promise<Ending | undefined>;
  halt(): Promise<void>;
  /** Stops the process, removes the temporary folder, ends the supervisor. Harmless when repeated. */
  release(): Promise<void>;
}

/** `temporaryFolder` is removed when all is over; null keeps everything. */
export function supervise(log: string, temporaryFolder: string | null): SupervisedProcess {
  const supervisor = spawn(process.execPath, [SUPERVISOR, log, temporaryFolder ?? ""], {
    // Its own process group: a terminal's Ctrl-C must not stop a server before its clients.
    detached: true,
    cwd: "/",
    env: {},
    stdio: ["pipe", "pipe", "ignore"],
  });
  const events = new EventEmitter();
  let pid = 0;
  let ending: Ending | null = { code: null, signal: null, error: "never started" };
  let supervisorGone = false;
  let released: Promise<void> | null = null;

  createInterface({ input: supervisor.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as { started: number } | { ended: Ending };
    if ("started" in message) {
      pid = message.started;
    } else {
      ending = message.ended;
    }
    events.emit("change");
  });
  // Writing to a supervisor that is gone: "exit" tells.
  supervisor.stdin.on("error", () => {});
  const gone = (): void => {
    if (supervisorGone) return;
    supervisorGone = true;
    if (ending === null) {
      // Nobody else is left to stop what it ran.
      if (pid !== 0) killQuietly(pid);
      ending = { code: null, signal: null, error: "its supervisor died" };
    }
    events.emit("change");
  };
  supervisor.on("error", gone);
  supervisor.on("exit", gone);
  letParentExit(supervisor);

  const send = (message: { start: Command } | { halt: true }): void => {
    supervisor.stdin.write(`${JSON.stringify(message)}\n`);
  };

  const ended = async (timeout: number): Promise<Ending | undefined> => {
    await becomes(() => ending !== null, timeout, events);
    return ending ?? undefined;
  };

  const release = async (): Promise<void> => {
    supervisor.stdin.end();
    const isGone = (): boolean => supervisorGone;
    if (!(await becomes(isGone, STOP_DEADLINE_MS, events))) {
      supervisor.kill("SIGKILL");
      await becomes(isGone, 1_000, events);
    }
    // Only needed when the supervisor did not live to do it.
    if (temporaryFolder !== null)
      await rm(temporaryFolder, { recursive: true, force: true, maxRetries: 10 });
  };

  return {
    get pid() {
      return pid;
    },
    get running() {
      return ending === null;
    },
    async start(command) {
      if (supervisorGone || released !== null)
        throw new Error(`cannot start ${command.file}: already stopped`);
      if (ending === null) throw new Error(`cannot start ${command.file}: already running`);
      ending = null;
      pid = 0;
      send({ start: command });
      if (await becomes(() => pid !== 0 || ending !== null, START_DEADLINE_MS, events)) return;
      throw new Error(`the supervisor of ${command.file} does not answer`);
    },
    ended,
    async halt() {
      if (ending !== null) return;
      send({ halt: true });
      if ((await ended(STOP_DEADLINE_MS)) === undefined)
        throw new Error(`process ${pid} did not stop`);
    },
    release() {
      released ??= release();
      return released;
    },
  };
}

/** Waits for the condition; the timer, unlike the unreferenced pipes, keeps this process alive meanwhile. */
async function becomes(
  condition: () => boolean,
  timeout: number,
  events: EventEmitter,
): Promise<boolean> {
  if (condition()) return true;
  return await new Promise((resolve) => {
    const finish = (happened: boolean): void => {
      clearTimeout(timer);
      events.off("change", look);
      resolve(happened);
    };
    const look = (): void => {
      if (condition()) finish(true);
    };
    const timer = setTimeout(() => finish(false), timeout);
    events.on("change", look);
  });
}

function letParentExit(supervisor: ChildProcess): void {
  supervisor.unref();
  for (const pipe of [supervisor.stdin, supervisor.stdout]) {
    if (pipe !== null && "unref" in pipe && typeof pipe.unref === "function") pipe.unref();
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended on its own.
  }
}
