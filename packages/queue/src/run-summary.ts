import type { Outcome, Phase, RunId } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { RUNS_KEY, runKeys } from "./keys.js";

type Sessions = Record<"planned" | "read" | Outcome, number>;

/** What the sessions of a run are told from. */
interface Told {
  readonly number: (field: keyof Sessions) => number;
  readonly phase: Phase;
  /** Where it is physical, what is planned is an estimate. */
  readonly order: string | null;
}

/** A run in one line. */
export interface RunSummary {
  readonly run: RunId;
  readonly phase: Phase;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly sessions: Sessions;
  readonly chunks: Record<"total" | "done" | "failed", number>;
}

const FIELDS = [
  "phase",
  "order",
  "startedAt",
  "finishedAt",
  "planned",
  "read",
  "migrated",
  "kept",
  "expired",
  "rejected",
  "total",
  "done",
  "failed",
] as const;

/** The latest runs whose ledger is still there, newest first, in two round trips however many there are. */
export async function listRunSummaries(
  queue: QueueConnection,
  limit: number,
): Promise<RunSummary[]> {
  const runs = (await queue.redis.zrevrange(RUNS_KEY, 0, limit - 1)) as RunId[];
  const records = await Promise.all(
    runs.map((run) => queue.redis.hmget(runKeys(run).run, ...FIELDS)),
  );
  return runs.flatMap((run, at) => summarize(run, records[at] ?? []) ?? []);
}

/** The sessions of a run, from the fields of its record. An estimate gives way to what was found. */
export function sessionsOf({ number, phase, order }: Told): Sessions {
  const [planned, read] = [number("planned"), number("read")];
  const found = phase === "completed" ? read : Math.max(planned, read);
  return {
    planned: order === "physical" ? found : planned,
    read,
    migrated: number("migrated"),
    kept: number("kept"),
    expired: number("expired"),
    rejected: number("rejected"),
  };
}

function summarize(run: RunId, values: readonly (string | null)[]): RunSummary | null {
  const field = (name: (typeof FIELDS)[number]) => values[FIELDS.indexOf(name)] ?? null;
  const number = (name: (typeof FIELDS)[number]) => Number(field(name));
  if (field("phase") === null) return null;
  return {
    run,
    phase: field("phase") as Phase,
    startedAt: new Date(number("startedAt")).toISOString(),
    finishedAt: field("finishedAt") === null ? null : new Date(number("finishedAt")).toISOString(),
    sessions: sessionsOf({ number, phase: field("phase") as Phase, order: field("order") }),
    chunks: { total: number("total"), done: number("done"), failed: number("failed") },
  };
}
