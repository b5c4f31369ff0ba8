import { RehomeError } from "./error.js";
import { FAILURE_MEANINGS, type FailureMeaning } from "./failure-meaning.js";

/** Why a chunk can fail for good, other than by a server's failure, in words fit to be shown on a page. */
const REASONS = {
  "malformed-job": "the job's id, name or payload is not one of Rehome's",
  "unknown-chunk": "the run's plan has no such chunk",
  "target-emptied": "the target was emptied after the run: there is nothing to compare",
  "source-rewritten": "the sessions' table was rewritten while it was read",
  "source-altered": "a table of the store was altered as it was about to be read",
  "source-changed": "the sessions' table can no longer be read as the run did",
  "target-closed": "the connection to the target was closed",
  "rejects-expired": "the chunk took so long that its rejects expired before it was recorded",
  "worker-died": "workers died again and again while they held the chunk",
  "unexpected-Error": "an unexpected Error: the worker's log says more",
  "unexpected-TypeError": "an unexpected TypeError: the worker's log says more",
  "unexpected-RangeError": "an unexpected RangeError: the worker's log says more",
} as const;

export type FailureReason = keyof typeof REASONS;

const OTHER = "a reason that is not shown here: the worker's log says more";

const SERVER_CODE = /^(source|target|queue)-([A-Z0-9_]{1,40}|unexpected)$/;

/**
 * What the ledger and a job keep of why a chunk failed: a code, to which `showReason` has the words. The code of a
 * server's failure goes with the key of its meaning.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof RehomeError)
    return error.meaning === null ? error.code : `${error.code}:${error.meaning}`;
  const unexpected = `unexpected-${error instanceof Error ? error.name : "Error"}`;
  return isReason(unexpected) ? unexpected : "unexpected-Error";
}

/**
 * The words for a reason that was kept. Whoever reaches the queue Redis, or an older version, may have left anything
 * there: what is not in the tables is not shown.
 */
export function showReason(kept: string): string {
  if (isReason(kept)) return REASONS[kept];
  const [code = "", meaning = "", ...more] = kept.split(":");
  const [, side, driver] = SERVER_CODE.exec(code) ?? [];
  if (side === undefined || !isMeaning(meaning) || more.length > 0) return OTHER;
  const suffix = driver === "unexpected" ? "" : ` (${driver ?? ""})`;
  return `${side}: ${FAILURE_MEANINGS[meaning]}${suffix}`;
}

function isReason(kept: string): kept is FailureReason {
  return Object.hasOwn(REASONS, kept);
}

function isMeaning(key: string): key is FailureMeaning {
  return Object.hasOwn(FAILURE_MEANINGS, key);
}
