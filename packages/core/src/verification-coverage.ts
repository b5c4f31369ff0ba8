import type { VerifyCounts } from "./verification.js";

/** What a verification was to look at: `checked` is measured against it. In sessions. */
export interface Coverage {
  /** In the run's plan. */
  readonly planned: number;
  /** Read by the run's copy. */
  readonly read: number;
  /** Found expired by the run's copy. */
  readonly expired: number;
  /** To look at: the size of the sample, or the whole plan for a count. */
  readonly asked: number;
}

/** A verification that found a smaller share of its sessions proves nothing about the run. */
const LEAST_SHARE = 0.9;

/**
 * Why a verification that found no difference has no verdict all the same; null where it has one. Two things lead to
 * that: nothing was compared, or too few sessions were found for the run to be called verified. Rows may have been
 * deleted since the copy, but a role under row-level security looks exactly like that, to the copy and to the
 * verification alike. Sessions that the copy already found expired may be gone: applications delete such rows.
 */
export function reasonForNoVerdict(counts: VerifyCounts, coverage: Coverage): string | null {
  if (comparedOf(counts) === 0) return `nothing was compared: ${whyNothing(counts, coverage)}`;
  const { planned, read, expired, asked } = coverage;
  const expiredInSample = planned === 0 ? 0 : (expired * asked) / planned;
  const purged = Math.max(0, expiredInSample - counts.expired);
  if (counts.checked + purged < asked * LEAST_SHARE)
    return `only ${number(counts.checked)} of ${sessions(asked)} to look at ${verb(counts.checked)} found in the source: ${HIDDEN}`;
  if (read < planned * LEAST_SHARE)
    return `the run read only ${number(read)} of the ${sessions(planned)} in its plan: it ended early, or ${HIDDEN}`;
  return null;
}

/** What to say of sessions that were to be looked at and are no longer there; null where all were found. */
export function describeGone(counts: VerifyCounts, { asked }: Coverage): string | null {
  const gone = asked - counts.checked;
  if (gone <= 0) return null;
  return `${number(gone)} of ${sessions(asked)} to look at ${verb(gone)} no longer found in the source`;
}

const HIDDEN = "the others were deleted meanwhile, or the workers' role cannot see them";

function comparedOf({ matched, missing, mismatched, kept }: VerifyCounts): number {
  return matched + missing + mismatched + kept;
}

function whyNothing(counts: VerifyCounts, { planned }: Coverage): string {
  if (counts.checked > 0) return "every session found in the source has expired or was rejected";
  if (planned === 0) return "the run has no session in its plan";
  return "the source holds no session of this run any more";
}

function sessions(count: number): string {
  return `${number(count)} ${count === 1 ? "session" : "sessions"}`;
}

function verb(count: number): string {
  return count === 1 ? "was" : "were";
}

function number(count: number): string {
  return count.toLocaleString("en-US");
}
