import { isRunId, type RunId } from "@rehome/core";
import { z } from "zod";
import type { QueueConnection } from "./connection.js";
import { WORKERS_KEY, WORKERS_SEEN_KEY } from "./keys.js";
import { replies } from "./ledger-redis.js";
import { JOB_KINDS } from "./payload.js";
import { loadScript } from "./script.js";
import { parseTime } from "./server-time.js";

const heartbeatScript = loadScript("record-heartbeat");

/** Workers send a heartbeat once a second: one that missed them for this long is gone. */
const GONE_AFTER_MS = 4_000;
/** How long a worker that is gone or was stopped is still shown. */
const SHOWN_FOR_MS = 15 * 60_000;

const reportSchema = z.strictObject({
  /** `<host>-<pid>-<random>`, as in the worker's logs. */
  name: z.string().regex(/^[\w.-]{1,300}$/),
  host: z.string().regex(/^[\w.-]{1,255}$/),
  pid: z.int().positive(),
  concurrency: z.int().positive(),
  /** Over the last few seconds. */
  sessionsPerSecond: z.number().nonnegative(),
  /** Copied since the worker started. */
  sessions: z.int().nonnegative(),
  inHand: z.array(
    z.strictObject({
      run: z.custom<RunId>((value) => typeof value === "string" && isRunId(value)),
      kind: z.enum(JOB_KINDS),
      chunk: z.int().nonnegative(),
    }),
  ),
  stopped: z.boolean(),
});

/** What a heartbeat says of its worker. */
export type WorkerReport = z.infer<typeof reportSchema>;

export interface WorkerRecord extends WorkerReport {
  /** Unix ms by the queue Redis's clock. */
  readonly seenAt: number;
  /** No heartbeat for some seconds, without having said that it stops. */
  readonly gone: boolean;
}

export async function recordHeartbeat(queue: QueueConnection, report: WorkerReport): Promise<void> {
  await heartbeatScript(
    queue.redis,
    [WORKERS_KEY, WORKERS_SEEN_KEY],
    [report.name, JSON.stringify(report), SHOWN_FOR_MS],
  );
}

/** Every worker with a heartbeat in the last 15 minutes, by name. Entries of any other shape are left out. */
export async function listWorkers(queue: QueueConnection): Promise<WorkerRecord[]> {
  const [reports, seen, time] = (await replies(
    queue.redis
      .multi()
      .hgetall(WORKERS_KEY)
      .zrange(WORKERS_SEEN_KEY, "0", "-1", "WITHSCORES")
      .time(),
  )) as [Record<string, string>, string[], unknown];
  const now = parseTime(time);
  const workers: WorkerRecord[] = [];
  for (let i = 0; i < seen.length; i += 2) {
    const report = parseReport(reports[seen[i] ?? ""]);
    const seenAt = Number(seen[i + 1]);
    if (report === null || now - seenAt > SHOWN_FOR_MS) continue;
    workers.push({ ...report, seenAt, gone: !report.stopped && now - seenAt > GONE_AFTER_MS });
  }
  return workers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function parseReport(text: string | undefined): WorkerReport | null {
  try {
    return reportSchema.parse(JSON.parse(text ?? ""));
  } catch {
    return null;
  }
}
