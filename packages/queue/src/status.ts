import {
  eta,
  isActive,
  type Phase,
  rate,
  type RunId,
  type Sample,
  type Status,
} from "@rehome/core";
import { activeChunks } from "./chunk-jobs.js";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import { replies } from "./ledger-redis.js";
import { listRuns, resolveRun } from "./run-record.js";
import { sessionsOf } from "./run-summary.js";
import { parseTime } from "./server-time.js";

/** A sample a second at most: the rate is that of the last minute. */
const RATE_SAMPLES = 60;

/**
 * Where a run stands, from the ledger alone, so that its sums always hold. Throws RehomeError `unknown-run`.
 */
export async function readStatus(queue: QueueConnection, run: RunId): Promise<Status> {
  await resolveRun(queue, run);
  const keys = runKeys(run);
  const held = await activeChunks(queue, run, "copy");
  const [record, lines, states, time, planners] = (await replies(
    queue.redis
      .multi()
      .hgetall(keys.run)
      .lrange(keys.samples, -RATE_SAMPLES, -1)
      .hmget(keys.chunks, "", ...held.map(String))
      .time()
      .exists(keys.planner),
  )) as [Record<string, string>, string[], (string | null)[], unknown, number];
  return statusOf(run, record, {
    // A worker still holds the job of a chunk for a moment after its record is written.
    active: states.slice(1).filter((state) => state === null).length,
    samples: lines.map(parseSample),
    now: parseTime(time),
    planned: planners === 1,
  });
}

/** Where every run stands whose ledger is still there, newest first. */
export async function listStatuses(queue: QueueConnection): Promise<Status[]> {
  const runs = await listRuns(queue);
  return await Promise.all(runs.map((run) => readStatus(queue, run)));
}

function statusOf(
  run: RunId,
  record: Record<string, string>,
  live: { active: number; samples: Sample[]; now: number; planned: boolean },
): Status {
  const number = (name: string) => Number(record[name]);
  const phase = record["phase"] as Phase;
  const [total, done, failed, read] = [
    number("total"),
    number("done"),
    number("failed"),
    number("read"),
  ];
  const active = Math.min(live.active, total - done - failed);
  const finishedAt = record["finishedAt"] === undefined ? null : number("finishedAt");
  const start: Sample = { at: number("startedAt"), read: 0 };
  const recent = isActive(phase) && live.samples.length > 1 ? live.samples : [start];
  const perSecond = rate([...recent, { at: finishedAt ?? live.now, read }]);
  const going = phase === "running" && record["planComplete"] === "1";
  return {
    run,
    phase,
    chunks: { total, waiting: total - done - failed - active, active, done, failed },
    sessions: sessionsOf({ number, phase, order: record["order"] ?? null }),
    startedAt: new Date(number("startedAt")).toISOString(),
    finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
    sessionsPerSecond: perSecond,
    etaSeconds: going ? eta(number("planned"), read, perSecond) : null,
    notice: notices(run, record, live.planned),
  };
}

function notices(run: RunId, record: Record<string, string>, planned: boolean): string | null {
  const incomparable = Number(record["incomparable"]);
  const evicted = Number(record["evicted"] ?? 0);
  const newer = Number(record["newer"] ?? 0);
  const parts = [
    record["notice"] ?? "",
    record["waiting"] ?? "",
    record["writeWay"] ?? "",
    record["phase"] === "planning" && !planned
      ? `no process is planning it; continue with: rehome resume ${run}`
      : "",
    evicted === 0
      ? ""
      : `the target has evicted ${evicted} keys since the run began, which may be sessions: give it more memory and start another run`,
    newer === 0
      ? ""
      : `${newer} sessions were written to the source while the run went on, and were read at its end: those that had been read before count twice`,
    incomparable === 0
      ? ""
      : `${incomparable} sessions were kept because their ${record["compared"]} in the target cannot be compared`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? null : parts.join("; ");
}

export function parseSample(line: string): Sample {
  const [at, read] = line.split(" ");
  return { at: Number(at), read: Number(read) };
}
