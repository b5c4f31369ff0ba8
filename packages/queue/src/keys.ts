import type { RunId } from "@rehome/core";

/**
 * Everything Rehome keeps in the queue Redis begins with this, BullMQ's keys as well. The braces keep it on
 * one node of a cluster.
 */
export const KEY_PREFIX = "{rehome}";

/** The run that holds the floor, and every run by the time it started. */
export const ACTIVE_KEY = `${KEY_PREFIX}:active`;
export const RUNS_KEY = `${KEY_PREFIX}:runs`;

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
    /** Hash: chunk number to how it ended. */
    chunks: `${base}:chunks`,
    /** List: the latest `time read` samples. */
    samples: `${base}:samples`,
    /** String: the moment before which every admitted session is paid for. */
    pace: `${base}:pace`,
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
