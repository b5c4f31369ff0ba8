import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Program, runProgram, startProgram } from "../programs.js";
import type { Arena, Contender, Told, Turn } from "./contender.js";
import { peakBytes, processorSeconds } from "./processor-time.js";

export interface RehomeOptions {
  readonly workers: number;
  readonly policy: "newer" | "replace";
  /** A target user that may not call RESTORE, so that sessions are written by HSET. */
  readonly byHset?: boolean;
  readonly chunkSize?: number;
}

/** Rehome as an operator runs it: workers that wait, then `rehome start --wait`, which is what is timed. */
export function rehome(options: RehomeOptions): Contender {
  const { workers, policy, byHset = false } = options;
  const way = byHset ? ", by HSET" : "";
  return {
    name: `Rehome, ${workers} ${workers === 1 ? "worker" : "workers"}, ${policy}${way}`,
    exactExpiry: true,
    move: (arena) =>
      byHset
        ? withoutRestore(arena, (others) => moveWithRehome(others, options))
        : moveWithRehome(arena, options),
  };
}

async function moveWithRehome({ urls }: Arena, options: RehomeOptions): Promise<Turn> {
  const logs = await mkdtemp(join(tmpdir(), "rehome-bench-"));
  const workers: Program[] = [];
  try {
    for (let i = 0; i < options.workers; i += 1)
      workers.push(await startProgram("rehome-worker", [], urls, join(logs, `worker-${i}.log`)));
    const chunkSize =
      options.chunkSize === undefined ? [] : ["--chunk-size", String(options.chunkSize)];
    const before = secondsOf(workers);
    const started = performance.now();
    const run = await runProgram(
      "rehome",
      ["start", "--wait", "--json", "--on-conflict", options.policy, ...chunkSize],
      urls,
    );
    const seconds = (performance.now() - started) / 1000;
    if (run.code !== 0) throw new Error(`rehome start exited with ${run.code}: ${run.stderr}`);
    const after = secondsOf(workers);
    const peaks = workers.map(({ pid }) => peakBytes(pid) ?? 0);
    const status = JSON.parse(run.stdout) as Status;
    for (const worker of workers) await worker.stop();
    return {
      moved: status.sessions.migrated,
      seconds,
      loaderSeconds: before === null || after === null ? null : after - before,
      peakBytes: Math.max(...peaks),
      told: await readLogs(workers, status),
    };
  } finally {
    for (const worker of workers) await worker.stop();
    await rm(logs, { recursive: true, force: true });
  }
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

/** What the workers said: when the first chunk was begun, and how long their event loops were held. */
async function readLogs(workers: readonly Program[], status: Status): Promise<Told> {
  const lines: LogLine[] = [];
  for (const { log } of workers) {
    for (const line of (await readFile(log, "utf8")).split("\n"))
      if (line.startsWith("{")) lines.push(JSON.parse(line) as LogLine);
  }
  const begun = lines.filter(({ msg }) => msg === "chunk done").map(({ time, ms }) => time - ms);
  const holds = lines.flatMap(({ longestHoldMs }) => longestHoldMs ?? []);
  return {
    firstChunkMs: Math.min(...begun) - Date.parse(status.startedAt),
    longestHoldMs: Math.max(...holds),
  };
}

interface LogLine {
  readonly msg: string;
  readonly time: number;
  readonly ms: number;
  readonly longestHoldMs?: number;
}
