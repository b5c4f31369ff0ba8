import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import {
  createDatabase,
  type DatabaseOptions,
  type RedisServer,
  startRedis,
} from "../local-services/index.js";
import {
  type Environment,
  type Finished,
  type Program,
  runProgram,
  startProgram,
} from "../programs.js";

/** Everything a migration needs, on servers of its own: what a test or a scenario plays with. */
export interface House {
  readonly urls: Environment;
  readonly source: pg.Client;
  readonly target: Redis;
  readonly queue: Redis;
  readonly servers: { readonly target: RedisServer; readonly queue: RedisServer };
  /** Runs `rehome` to its end; `cwd` is where it looks for a config file. */
  rehome(args: readonly string[], environment?: Environment, cwd?: string): Promise<Finished>;
  /** The same with `--json`; throws unless it exits with one of `codes` (default 0). */
  rehomeJson<T>(args: readonly string[], codes?: readonly number[]): Promise<T>;
  startWorker(options?: { args?: readonly string[]; environment?: Environment }): Promise<Program>;
  startDashboard(options?: {
    args?: readonly string[];
    environment?: Environment;
  }): Promise<Program & { readonly url: string }>;
  /** Everything the programs of this house have logged, those that ended included. */
  logs(): Promise<string>;
  close(): Promise<void>;
}

let databases = 0;

/** An empty database of its own on the server of `postgresUrl`, and two Redis servers of its own. */
export async function openHouse(
  postgresUrl: string,
  options: { database?: DatabaseOptions; queueArgs?: string[] } = {},
): Promise<House> {
  const closing: (() => Promise<unknown>)[] = [];
  const closed = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), "rehome-e2e-"));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    databases += 1;
    const name = `house_${process.pid}_${databases}`;
    const sourceUrl = await createDatabase(new URL("/", postgresUrl).href, name, options.database);
    const queueServer = await startRedis({ appendonly: true, args: options.queueArgs ?? [] });
    closing.push(() => queueServer.stop());
    const targetServer = await startRedis({ appendonly: true });
    closing.push(() => targetServer.stop());
    const urls = {
      SOURCE_URL: sourceUrl,
      QUEUE_URL: queueServer.url,
      TARGET_URL: targetServer.url,
    };

    const source = new pg.Client(sourceUrl);
    source.on("error", () => undefined);
    await source.connect();
    closing.push(() => source.end());
    const [target, queue] = [new Redis(targetServer.url), new Redis(queueServer.url)];
    for (const redis of [target, queue]) {
      redis.on("error", () => undefined);
      closing.push(async () => redis.disconnect());
    }

    const logFiles: string[] = [];
    const said: string[] = [];
    const newLog = (name: string) => {
      logFiles.push(join(folder, `${name}-${logFiles.length}.log`));
      return logFiles.at(-1) as string;
    };
    const rehome = async (args: readonly string[], environment: Environment = {}, cwd = "/") => {
      const finished = await runProgram("rehome", args, { ...urls, ...environment }, { cwd });
      said.push(finished.stdout, finished.stderr);
      return finished;
    };

    return {
      urls,
      source,
      target,
      queue,
      servers: { target: targetServer, queue: queueServer },
      rehome,
      rehomeJson: async <T>(args: readonly string[], codes: readonly number[] = [0]) => {
        const { code, stdout, stderr } = await rehome([...args, "--json"]);
        if (!codes.includes(code))
          throw new Error(`rehome ${args.join(" ")} exited with ${code}: ${stderr}`);
        return JSON.parse(stdout) as T;
      },
      startWorker: async ({ args = [], environment = {} } = {}) => {
        const quick = ["--lock", "2000", "--stalled", "1000", "--log-level", "debug"];
        const worker = await startProgram(
          "rehome-worker",
          [...quick, ...args],
          { ...urls, ...environment },
          newLog("worker"),
        );
        closing.push(() => worker.stop());
        return worker;
      },
      startDashboard: async ({ args = ["--port", "0"], environment = {} } = {}) => {
        const dashboard = await startProgram(
          "rehome-dashboard",
          args,
          { ...urls, ...environment },
          newLog("dashboard"),
        );
        closing.push(() => dashboard.stop());
        return { ...dashboard, url: String(dashboard.ready["url"]) };
      },
      logs: async () =>
        [...said, ...(await Promise.all(logFiles.map((file) => readFile(file, "utf8"))))].join(
          "\n",
        ),
      close: closed,
    };
  } catch (error) {
    await closed();
    throw error;
  }
}

/** Waits until `look` gives something; throws after `timeoutMs`, saying what was waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false | 0 | "">,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await sleep(25);
  }
}
