import type { QueueJob, QueueJobJson } from "@bull-board/api/typings/app";
import { COUNT_NAMES, showReason, VERIFY_COUNT_NAMES } from "@rehome/core";
import { parseJob, reasonOfJob } from "@rehome/queue";

const COUNTS: ReadonlySet<string> = new Set([...COUNT_NAMES, ...VERIFY_COUNT_NAMES]);

/**
 * A job as Bull Board may show it; null for a job that is not Rehome's, since not even its id can be trusted.
 * Whatever may hold free text is left out, or is known to be our own.
 */
export function shownJob<J extends QueueJob>(job: J): J | null {
  const json = job.toJSON();
  const payload = parsed(json);
  if (payload === null) return null;
  const { run, chunk, kind } = payload;
  const shown: QueueJobJson = {
    id: String(json.id),
    name: kind,
    data: { run, chunk },
    progress: 0,
    attemptsMade: Number(json.attemptsMade),
    timestamp: Number(json.timestamp),
    processedOn: numberOrNull(json.processedOn),
    finishedOn: numberOrNull(json.finishedOn),
    processedBy: null,
    delay: Number(json.delay ?? 0),
    failedReason: json.failedReason ? showReason(reasonOfJob(json.failedReason)) : "",
    // The workers' logs have them, made fit to be shown.
    stacktrace: [],
    returnvalue: countsIn(json.returnvalue),
    opts: optionsIn(json.opts),
    stalledCounter: Number(json.stalledCounter ?? 0),
    attemptsStarted: Number(json.attemptsStarted ?? 0),
  };
  // What the board may do to it stays the job's own.
  return Object.assign(Object.create(job) as J, { toJSON: () => shown });
}

function parsed(json: QueueJobJson): ReturnType<typeof parseJob> | null {
  try {
    return parseJob({ id: String(json.id), name: json.name, data: json.data as unknown });
  } catch {
    return null;
  }
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** What a chunk came to. */
function countsIn(value: unknown): Record<string, number> | null {
  if (typeof value !== "object" || value === null) return null;
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, number] => COUNTS.has(entry[0]) && typeof entry[1] === "number",
    ),
  );
}

function optionsIn(value: unknown): { attempts?: number } {
  const attempts = (value as { attempts?: unknown } | null)?.attempts;
  return typeof attempts === "number" ? { attempts } : {};
}
