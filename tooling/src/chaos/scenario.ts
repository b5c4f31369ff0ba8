import { setTimeout as sleep } from "node:timers/promises";
import { type House, openHouse } from "../e2e/house.js";
import { clock, compareAll, type Findings } from "../e2e/oracle.js";
import { makeRandom, type Random } from "../e2e/random.js";
import type { PostgresServer } from "../local-services/index.js";
import { startApplication } from "./application.js";
import { auditLedger, countOpenJobs } from "./audit.js";
import { gatherCrew } from "./crew.js";
import { operate } from "./operate.js";
import { populate } from "./population.js";
import { PROCESS_FAULTS } from "./process-faults.js";
import { type Sightings, startReader } from "./reader.js";
import type { Fault, Scene } from "./scene.js";
import { SERVER_FAULTS } from "./server-faults.js";
import { type Tally, zeroTally } from "./tally.js";
import { makeTcpTrouble } from "./tcp-faults.js";
import { startWriters } from "./writers.js";

export interface ScenarioOptions {
  readonly seed: number;
  /** For how long faults strike. */
  readonly durationMs: number;
  readonly sessions: number;
  readonly writers: number;
  readonly workers: number;
  /** Told of each fault as it strikes. */
  readonly say: (text: string) => void;
}

export interface Outcome {
  readonly seed: number;
  readonly tally: Tally;
  readonly transactions: number;
  readonly runs: number;
  readonly seen: Sightings;
  readonly findings: Findings;
  /** What else is wrong, in words. */
  readonly wrong: readonly string[];
}

/** What was committed outlives a kill -9, or the source itself would lose what has been copied already. */
export const POSTGRES_SETTINGS = { max_connections: "60", synchronous_commit: "on" };

type Pause = readonly [min: number, max: number];
const PROCESS_PAUSE_MS: Pause = [100, 900];
/** Servers are there most of the time, or no program would live long enough to be killed at work. */
const SERVER_PAUSE_MS: Pause = [1_000, 4_000];
/** So long a run may take to end once nothing befalls it any more. */
const END_MS = 120_000;

/**
 * Lets faults loose on a migration, ends it in peace, runs it once more, and judges. `postgres` is the
 * scenario's own, since it restarts it.
 */
export async function playScenario(
  postgres: PostgresServer,
  options: ScenarioOptions,
): Promise<Outcome> {
  const random = makeRandom(options.seed);
  const tally = zeroTally();
  const house = await openHouse(postgres.url);
  try {
    await house.rehome(["seed", "--users", "1", "--sessions", "0"]);
    const ids = await populate(house.source, options.sessions);
    const direct = new URL(house.urls["SOURCE_URL"] ?? "");
    direct.port = String(postgres.port);
    const writers = startWriters(direct.href, options.writers, random.fork(), ids);
    const { url } = house.servers.target;
    const application = startApplication(url, random.fork(), ids);
    const reader = startReader(url, random.fork(), ids, application);
    const crew = gatherCrew(house, options.workers);
    const operating = operate(house, random.fork());
    const trouble = makeTcpTrouble(Object.values(house.proxies), random.fork());
    const scene = { house, postgres, crew, operating, tally };
    const end = Date.now() + options.durationMs;
    const lane = (faults: readonly Fault[], pauseMs: Pause) =>
      strikeUntil(end, faults, pauseMs, { ...scene, random: random.fork() }, options.say);
    await Promise.all([
      lane(PROCESS_FAULTS, PROCESS_PAUSE_MS),
      lane(PROCESS_FAULTS, PROCESS_PAUSE_MS),
      lane(SERVER_FAULTS, SERVER_PAUSE_MS),
    ]);
    await trouble.stop();
    await Promise.all([writers.stop(), application.stop()]);
    const wrong: string[] = [];
    if (!(await within(END_MS, operating.finish()))) wrong.push(await describeStuck(house));
    await operating.stop();

    const since = await clock(house.target);
    const last = await house.rehome(["start", "--wait", "--chunk-size", "500"]);
    if (last.code !== 0 && last.code !== 3)
      wrong.push(`the last run exited with ${last.code}: ${last.stderr}`);
    await reader.stop();
    const findings = await compareAll(house.source, house.target, {
      application: application.sessions,
      since,
    });
    wrong.push(...(await auditLedger(house.queue)), ...(await auditLastRun(house)));
    await crew.dismiss();
    for (const proxy of Object.values(house.proxies)) {
      tally.tcpFaults += proxy.struck.all;
      tally.tcpFaultsAfterActing += proxy.struck.afterActing;
    }
    const runs = await house.queue.zcard("{rehome}:runs");
    return {
      seed: options.seed,
      tally,
      transactions: writers.written,
      runs,
      seen: reader.seen,
      findings,
      wrong,
    };
  } finally {
    await house.close();
  }
}

async function strikeUntil(
  end: number,
  faults: readonly Fault[],
  pauseMs: Pause,
  scene: Scene,
  say: (text: string) => void,
): Promise<void> {
  while (Date.now() < end) {
    const fault = pickFault(faults, scene.random);
    say(fault.name);
    await fault.strike(scene).catch((error: unknown) => say(`${fault.name}: ${String(error)}`));
    await sleep(scene.random.between(...pauseMs));
  }
}

function pickFault(faults: readonly Fault[], random: Random): Fault {
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.next() * total;
  for (const fault of faults) {
    left -= fault.weight;
    if (left < 0) return fault;
  }
  throw new Error("there is no fault to pick from");
}

async function within(ms: number, work: Promise<void>): Promise<boolean> {
  return await Promise.race([work.then(() => true), sleep(ms, false, { ref: false })]);
}

/** Writers have stopped, so that it has read each session of the source once. */
async function auditLastRun(house: House): Promise<string[]> {
  const [run = ""] = await house.queue.zrevrange("{rehome}:runs", "0", "0");
  const { read, planned, phase } = await house.queue.hgetall(`{rehome}:run:${run}`);
  const { rows } = await house.source.query("SELECT count(*) AS sessions FROM user_sessions");
  const wanted = String(rows[0].sessions);
  const wrong: string[] = [];
  if (phase !== "completed") wrong.push(`the last run is ${phase}`);
  if (read !== wanted) wrong.push(`the last run read ${read} sessions of ${wanted}`);
  if (planned !== wanted) wrong.push(`the last run planned ${planned} sessions of ${wanted}`);
  const deadline = Date.now() + END_MS;
  while ((await countOpenJobs(house.queue)) > 0 && Date.now() < deadline) await sleep(200);
  const open = await countOpenJobs(house.queue);
  if (open > 0) wrong.push(`${open} jobs are stuck`);
  return wrong;
}

async function describeStuck(house: House): Promise<string> {
  const { stdout, stderr } = await house.rehome(["status", "--json"]);
  return `the run does not end: ${stdout}${stderr}`;
}

/** How often something was not as it must be. */
export function countWrong({ findings, seen, wrong }: Outcome): number {
  return (
    findings.lost +
    findings.stale +
    findings.extra +
    findings.immortal +
    seen.partial +
    seen.immortal +
    seen.overwritten +
    wrong.length
  );
}
