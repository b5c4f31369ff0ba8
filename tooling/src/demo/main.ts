import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import colors from "picocolors";
import { ServiceUnavailable, startPostgres, startRedis } from "../local-services/index.js";
import { makeUser } from "../e2e/dashboard-user.js";
import { type Environment, runProgram, startProgram } from "../programs.js";
import { readExample } from "./example-session.js";
import { findWrong, type Reject, type Status, type Verification } from "./expectation.js";
import { measureReading } from "./reading-times.js";
import { renderScreen } from "./screen.js";
import { addSpecialSessions } from "./special-sessions.js";

const [USERS, SESSIONS, SAMPLE] = [20_000, 100_000, 1_000];
const WORKERS = 2;
const COMPLETED_WITH_REJECTS = 3;
const IS_TERMINAL = process.stdin.isTTY === true && process.stdout.isTTY === true;

/** What was started, stopped last in first out, whatever happens. */
const started: (() => Promise<unknown>)[] = [];
const ctrlC = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
});

/** Of the demo, once it has one: stopping it afterwards is no interruption. */
let exitCode: number | null = null;

await Promise.race([demo().catch(report), ctrlC]);
await stopAll();
process.exit(exitCode ?? 130);

/** Sets the exit code: 0 only if everything is as it must be. */
async function demo(): Promise<void> {
  step("starting PostgreSQL, a queue Redis and a target Redis");
  const postgres = await starting(startPostgres());
  const queueServer = await starting(startRedis({ appendonly: true }));
  const targetServer = await starting(startRedis());
  // A folder that goes with its server, whatever becomes of this process.
  const logs = queueServer.dir;
  const urls: Environment = {
    SOURCE_URL: postgres.url,
    QUEUE_URL: queueServer.url,
    TARGET_URL: targetServer.url,
  };

  step(
    `seeding ${SESSIONS.toLocaleString("en-US")} sessions of ${USERS.toLocaleString("en-US")} users`,
  );
  const seeded = await rehome(
    urls,
    "seed",
    "--users",
    String(USERS),
    "--sessions",
    String(SESSIONS),
  );
  if (seeded.code !== 0) throw new Error(`rehome seed exited with ${seeded.code}`);
  const source = new pg.Client(postgres.url);
  await source.connect();
  started.push(() => source.end());
  const [target, queue] = [new Redis(targetServer.url), new Redis(queueServer.url)];
  started.push(async () => [target, queue].forEach((redis) => redis.disconnect()));
  const special = await addSpecialSessions(source, target);

  step(`starting ${WORKERS} workers and the dashboard`);
  const pids: number[] = [];
  for (let i = 1; i <= WORKERS; i += 1) {
    // Short, so that a killed worker's chunk is taken over while one watches.
    const worker = await startProgram(
      "rehome-worker",
      ["--lock", "3000", "--stalled", "1500"],
      urls,
      join(logs, `worker-${i}.log`),
    );
    started.push(() => worker.stop());
    pids.push(worker.pid);
  }
  // Good for this demo alone.
  const operator = await makeUser("ada", "operator");
  const dashboard = await startProgram(
    "rehome-dashboard",
    ["--port", "0"],
    { ...urls, REHOME_DASHBOARD_USERS: operator.entry },
    join(logs, "dashboard.log"),
  );
  started.push(() => dashboard.stop());
  const address = String(dashboard.ready["url"]);
  note(`  dashboard ${address}, sign in as ${operator.name} with ${operator.password}`);
  note(`  workers ${pids.join(" and ")}: kill -9 one while it works, and nothing is lost`);

  step("rehome start --wait");
  const migrated = await rehome(urls, "start", "--wait", "--chunk-size", "5000");
  if (migrated.code !== COMPLETED_WITH_REJECTS)
    note(colors.red(`rehome start exited with ${migrated.code}`));
  const status = await rehomeJson<Status>(urls, [0], "status");
  const rejects = await rehomeJson<Reject[]>(urls, [0], "rejects");

  step(`rehome verify --sample ${SAMPLE}`);
  const verification = await rehomeJson<Verification>(
    urls,
    [0, 3],
    "verify",
    "--sample",
    String(SAMPLE),
  );

  const example = await readExample(source, target, queue, status.run);
  const reading = await measureReading(source, target);
  const wrong = await findWrong(source, target, special, {
    status,
    rejects,
    verification,
    sample: SAMPLE,
  });
  process.stdout.write(
    `\n${renderScreen({ status, rejects, verification, example, reading, dashboard: address, operator, wrong })}\n`,
  );

  exitCode = wrong.length === 0 && migrated.code === COMPLETED_WITH_REJECTS ? 0 : 1;
  if (IS_TERMINAL) {
    note("  everything still runs: look around, and press Ctrl-C to stop it all");
    await ctrlC;
  }
}

async function rehome(
  urls: Environment,
  ...args: string[]
): Promise<{ code: number; stdout: string }> {
  return await runProgram("rehome", args, urls, { showProgress: true });
}

/** Throws unless it exits with one of `codes`. */
async function rehomeJson<T>(
  urls: Environment,
  codes: readonly number[],
  ...args: string[]
): Promise<T> {
  const { code, stdout } = await rehome(urls, ...args, "--json");
  if (!codes.includes(code)) throw new Error(`rehome ${args.join(" ")} exited with ${code}`);
  return JSON.parse(stdout) as T;
}

async function starting<T extends { stop(): Promise<void> }>(service: Promise<T>): Promise<T> {
  const ready = await service;
  started.push(() => ready.stop());
  return ready;
}

async function stopAll(): Promise<void> {
  for (const stop of started.reverse()) {
    await stop().catch((error: unknown) => note(`while stopping: ${String(error)}`));
  }
}

function report(error: unknown): void {
  exitCode = 1;
  if (error instanceof ServiceUnavailable) note(`${error.message}. ${error.hint}`);
  else note(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function step(text: string): void {
  note(`${colors.cyan("▸")} ${text}`);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
