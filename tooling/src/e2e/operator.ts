import { rmSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Environment,
  type Finished,
  type Program,
  runProgram,
  startProgram,
} from "../programs.js";

/** Starts our programs as one who operates them would, and keeps what they say. */
export interface Operator {
  /** Runs `rehome` to its end; `cwd` is where it looks for a config file. */
  rehome(args: readonly string[], environment?: Environment, cwd?: string): Promise<Finished>;
  /** The same with `--json`; throws unless it exits with one of `codes` (default 0). */
  rehomeJson<T>(args: readonly string[], codes?: readonly number[]): Promise<T>;
  startWorker(options?: { args?: readonly string[]; environment?: Environment }): Promise<Program>;
  /** By default on any free port. */
  startDashboard(
    environment?: Environment,
    port?: number,
  ): Promise<Program & { readonly url: string }>;
  /** Everything the programs have logged, those that ended included. */
  logs(): Promise<string>;
  /** Stops every program. */
  close(): Promise<void>;
}

/** So that a dead worker's chunk is taken over while one waits for it. */
const QUICK = ["--lock", "2000", "--stalled", "1000", "--log-level", "debug"];

/** `beforeStart` is done before each `rehome start`. */
export async function hireOperator(
  urls: Environment,
  beforeStart: () => Promise<void> = async () => undefined,
): Promise<Operator> {
  const folder = await mkdtemp(join(tmpdir(), "rehome-e2e-"));
  // Also when this process is interrupted.
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeFolder);
  const programs = new Set<Program>();
  const logFiles: string[] = [];
  const said: string[] = [];
  const newLog = (name: string) => {
    const file = join(folder, `${name}-${logFiles.length}.log`);
    logFiles.push(file);
    return file;
  };
  const rehome = async (args: readonly string[], environment: Environment = {}, cwd = "/") => {
    if (args[0] === "start") await beforeStart();
    const finished = await runProgram("rehome", args, { ...urls, ...environment }, { cwd });
    said.push(finished.stdout, finished.stderr);
    return finished;
  };
  const kept = <P extends Program>(program: P): P => {
    programs.add(program);
    return program;
  };

  return {
    rehome,
    rehomeJson: async <T>(args: readonly string[], codes: readonly number[] = [0]) => {
      const { code, stdout, stderr } = await rehome([...args, "--json"]);
      if (!codes.includes(code))
        throw new Error(`rehome ${args.join(" ")} exited with ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    startWorker: async ({ args = [], environment = {} } = {}) =>
      kept(
        await startProgram(
          "rehome-worker",
          [...QUICK, ...args],
          { ...urls, ...environment },
          newLog("worker"),
        ),
      ),
    startDashboard: async (environment = {}, port = 0) => {
      const dashboard = await startProgram(
        "rehome-dashboard",
        ["--port", String(port)],
        { ...urls, ...environment },
        newLog("dashboard"),
      );
      return kept({ ...dashboard, url: String(dashboard.ready["url"]) });
    },
    logs: async () =>
      [...said, ...(await Promise.all(logFiles.map((file) => readFile(file, "utf8"))))].join("\n"),
    close: async () => {
      await Promise.all([...programs].map((program) => program.stop()));
      process.off("exit", removeFolder);
      removeFolder();
    },
  };
}
