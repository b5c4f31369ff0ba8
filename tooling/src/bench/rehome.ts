import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Program, runProgram, startProgram } from "../programs.js";
import type { Arena, Contender, Turn, Urls } from "./contender.js";
import { peakBytes, processorSeconds } from "./processor-time.js";
import { whole } from "./table.js";

export interface RehomeOptions {
  readonly workers: number;
  readonly policy: "newer" | "replace";
  /** A target user that may not call RESTORE, so that sessions are written by HSET. */
  readonly byHset?: boolean;
  readonly chunkSize?: number;
}

/** Rehome as an operator runs it: workers that wait, then `rehome start --wait`, which is what is timed. */
export function rehome(options: RehomeOptions): Contender {
  const { workers, policy, byHset = false, chunkSize } = options;
  const way = byHset ? ", by HSET" : "";
  const chunks = chunkSize === undefined ? "" : `, ${whole(chunkSize)} a chunk`;
  return {
    name: `Rehome, ${workers} ${workers === 1 ? "worker" : "workers"}, ${policy}${way}${chunks}`,
    leaves: "milliseconds",
    move: (arena) =>
      byHset
        ? withoutRestore(arena, (others) => moveWithRehome(others, options))
        : moveWithRehome(arena, options),
  };
}

async function moveWithRehome(arena: Arena, options: RehomeOptions): Promise<Turn> {
  const { result, longestHoldMs } = await withWorkers(arena.urls, options.workers, (workers) =>
    moveOnce(workers, arena, options),
  );
  return { ...result, longestHoldMs };
}

/** Starts workers, and stops them. Tells how long their event loops were held at the longest. */
export async function withWorkers<T>(
  urls: Urls,
  count: number,
  use: (workers: readonly Program[]) => Promise<T>,
): Promise<{ result: T; longestHoldMs: number }> {
  const logs = await mkdtemp(join(tmpdir(), "rehome-bench-"));
  const workers: Program[] = [];
  try {
    for (let i = 0; i < count; i += 1)
      workers.push(await startProgram("rehome-worker", [], urls, join(logs, `worker-${i}.log`)));
    const result = await use(workers);
    for (const worker of workers) await worker.stop();
    const holds = (await readLogs(workers)).flatMap(({ longestHoldMs }) => longestHoldMs ?? []);
    return { result, longestHoldMs: Math.max(...holds) };
  } finally {
    for (const worker of workers) await worker.stop();
    await rm(logs, { recursive: true, force: true });
  }
}

/** One run, by workers that wait for it. */
export async function moveOnce(
  workers: readonly Program[],
  { urls, workload }: Arena,
  { policy, chunkSize }: Omit<RehomeOptions, "workers" | "byHset">,
): Promise<Turn> {
  const size = chunkSize === undefined ? [] : ["--chunk-size", String(chunkSize)];
  const before = secondsOf(workers);
  const started = performance.now();
  const run = await runProgram(
    "rehome",
    [
      "start",
      "--config",
      configOf(workload.store),
      "--wait",
      "--json",
      "--on-conflict",
      policy,
      ...size,
    ],
    urls,
  );
  const seconds = (performance.now() - started) / 1000;
  if (run.code !== 0) throw new Error(`rehome start exited with ${run.code}: ${run.stderr}`);
  const after = secondsOf(workers);
  const status = JSON.parse(run.stdout) as Status;
  return {
    moved: status.sessions.migrated,
    seconds,
    loaderSeconds: before === null || after === null ? null : after - before,
    peakBytes: Math.max(...workers.map(({ pid }) => peakBytes(pid) ?? 0)),
    firstChunkMs: await firstChunkMs(workers, Date.parse(status.startedAt)),
  };
}

/** A file that names the store and says no more. */
function configOf(store: string): string {
  return fileURLToPath(new URL(`../../bench/${store}.config.json`, import.meta.url));
}

interface Status {
  readonly startedAt: string;
  readonly sessions: { readonly migrated: number };
}

/** Makes a user of the target for one turn. */
async function withoutRestore<T>(arena: Arena, move: (arena: Arena) => Promise<T>): Promise<T> {
  const { redis, urls } = arena;
  const [user, password] = [`rehome-bench-${randomUUID()}`, randomUUID()];
  const may = ["~*", "&*", "+@all", "-restore"];
  await redis.call("ACL", ["SETUSER", user, "on", `>${password}`, ...may]);
  try {
    const url = new URL(urls.TARGET_URL);
    [url.username, url.password] = [user, password];
    return await move({ ...arena, urls: { ...urls, TARGET_URL: url.href } });
  } finally {
    await redis.call("ACL", ["DELUSER", user]);
  }
}

function secondsOf(workers: readonly Program[]): number | null {
  const seconds = workers.map(({ pid }) => processorSeconds(pid));
  return seconds.reduce<number | null>(
    (sum, one) => (sum === null || one === null ? null : sum + one),
    0,
  );
}

/** From the start of a run to that of its first chunk. */
async function firstChunkMs(workers: readonly Program[], startedAt: number): Promise<number> {
  const begun = (await readLogs(workers))
    .filter(({ msg }) => msg === "chunk done")
    .map(({ time, ms }) => time - ms - startedAt);
  return Math.min(...begun.filter((ms) => ms >= 0));
}

interface LogLine {
  readonly msg: string;
  readonly time: number;
  readonly ms: number;
  readonly longestHoldMs?: number;
}

async function readLogs(workers: readonly Program[]): Promise<LogLine[]> {
  const texts = await Promise.all(workers.map(({ log }) => readFile(log, "utf8")));
  const lines = texts.flatMap((text) => text.split("\n"));
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
}
