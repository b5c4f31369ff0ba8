import type { RunId } from "@rehome/core";

/**
 * Everything Rehome keeps in the queue Redis begins with this, BullMQ's keys as well. The braces keep it on
 * one node of a cluster.
 */
export const KEY_PREFIX = "{rehome}";

/** The lock that makes one run the active one: its id. And every run by the time it started. */
export const ACTIVE_KEY = `${KEY_PREFIX}:active`;
export const RUNS_KEY = `${KEY_PREFIX}:runs`;

/** Each worker's last heartbeat, and when; what operators did; the secret of dashboard logins, and the logins that ended. */
export const WORKERS_KEY = `${KEY_PREFIX}:workers`;
export const WORKERS_SEEN_KEY = `${KEY_PREFIX}:workers:seen`;
export const AUDIT_KEY = `${KEY_PREFIX}:audit`;
export const LOGIN_SECRET_KEY = `${KEY_PREFIX}:login-secret`;
export const LOGOUTS_KEY = `${KEY_PREFIX}:logouts`;

/** The keys of one run's ledger. Those marked hold session ids, which are credentials. */
export function runKeys(run: RunId) {
  const base = `${KEY_PREFIX}:run:${run}`;
  return {
    /** Hash: the frozen record, phase, notice and totals. */
    run: base,
    /** Hash, credentials: chunk number to upper bound, written once. */
    bounds: `${base}:bounds`,
    /** String that expires: the process that plans the run. */
    planner: `${base}:planner`,
    /** String that expires: the lease of a retry that has not reopened all of its chunks yet. */
    reopening: `${base}:reopening`,
    /** Hash: chunk number to how it ended. */
    chunks: `${base}:chunks`,
    /** Hash: chunk number to the stats of its attempts, `attempts milliseconds`. */
    attempts: `${base}:attempts`,
    /** List: the number of each chunk whose entry has changed, in the order in which it happened. */
    changed: `${base}:changed`,
    /** List: `time read` samples of the last 15 minutes. */
    samples: `${base}:samples`,
    /** List: the same of the whole run, further apart the longer it takes. */
    series: `${base}:series`,
    /** String: the state of the rate limiter, see admit-batch.lua. */
    rateLimiter: `${base}:rate-limiter`,
    /** Hash, credentials: session id to reject. */
    rejects: (chunk: number) => `${base}:rejects:${chunk}`,
    /** The same while the chunk is still being copied, one per attempt. */
    staged: (chunk: number, attempt: string) => `${base}:staged:${chunk}:${attempt}`,
    /** Hashes: the latest verification, which chunks it looks at, and what each showed. */
    verification: `${base}:verification`,
    verificationPlan: `${base}:verification:plan`,
    verificationChunks: `${base}:verification:chunks`,
  };
}
