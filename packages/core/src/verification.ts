import { compareActivity, type ConflictPolicy } from "./conflict.js";
import { type Mapping, nullText, renamed } from "./mapping.js";
import type { FoundSession, TargetSession } from "./session.js";
import type { Transformed } from "./transformed-batch.js";

export const VERIFY_MODES = ["count", "sample"] as const;
export type VerifyMode = (typeof VERIFY_MODES)[number];

export const DEFAULT_SAMPLE = 1_000;

/** What comparing one source session with the target showed; `extra` is counted on the target's side only. */
export const VERDICTS = [
  "matched",
  "missing",
  "mismatched",
  "kept",
  "expired",
  "rejected",
] as const;
export type Verdict = (typeof VERDICTS)[number];

export const VERIFY_COUNT_NAMES = ["checked", ...VERDICTS, "extra"] as const;
export type VerifyCounts = Record<(typeof VERIFY_COUNT_NAMES)[number], number>;

export function zeroVerifyCounts(): VerifyCounts {
  return {
    checked: 0,
    matched: 0,
    missing: 0,
    mismatched: 0,
    extra: 0,
    kept: 0,
    expired: 0,
    rejected: 0,
  };
}

/** The document of `verify --json`. What a mode does not look at is null, never 0. */
export interface Verification {
  readonly run: string;
  readonly mode: VerifyMode;
  readonly checked: number;
  readonly matched: number;
  readonly missing: number;
  readonly mismatched: number | null;
  readonly extra: number | null;
  readonly kept: number;
  readonly expired: number;
  readonly rejected: number;
  readonly ok: boolean;
}

/** `count` compares presence, not contents; `sample` looks at no key the source does not have. */
export function conclude(run: string, mode: VerifyMode, counts: VerifyCounts): Verification {
  const mismatched = mode === "count" ? null : counts.mismatched;
  const extra = mode === "sample" ? null : counts.extra;
  const ok = counts.missing === 0 && (mismatched ?? 0) === 0 && (extra ?? 0) === 0;
  const { checked, matched, missing, kept, expired, rejected } = counts;
  return { run, mode, checked, matched, missing, mismatched, extra, kept, expired, rejected, ok };
}

/** An expiry may differ by a millisecond: a server older than Redis 7 tells only the time to live. */
const EXPIRY_TOLERANCE_MS = 1;

/**
 * `wasRejected` says whether this run's rejects hold the session; `now` is the target's clock, read after `found`
 * was: a session that expires in between is no difference.
 */
export function compareSession(
  expected: Transformed,
  found: FoundSession,
  run: { readonly mapping: Mapping; readonly conflict: ConflictPolicy },
  wasRejected: boolean,
  now: number,
): Verdict {
  switch (expected.kind) {
    case "rejected":
      return wasRejected ? "rejected" : found.type === "none" ? "missing" : "mismatched";
    case "expired":
      if (found.type !== "hash" || (found.expiresAt ?? Infinity) <= now) return "expired";
      return isKept(expected.lastActivityAt, found, run) ? "kept" : "mismatched";
    case "write":
      if (holdsExactly(expected.session, found)) return "matched";
      if (wasRejected) return "rejected";
      if (found.type === "none") return "missing";
      if (found.type !== "hash") return "mismatched";
      return isKept(expected.session.lastActivityAt, found, run) ? "kept" : "mismatched";
  }
}

function holdsExactly(expected: TargetSession, found: FoundSession): boolean {
  if (found.type !== "hash" || found.expiresAt === null) return false;
  if (Math.abs(found.expiresAt - expected.expiresAt) > EXPIRY_TOLERANCE_MS) return false;
  if (found.fields.length !== expected.fields.length) return false;
  const values = new Map<string, string>();
  for (let i = 0; i < expected.fields.length; i += 2) {
    values.set(
      Buffer.from(expected.fields[i] as string).toString("latin1"),
      expected.fields[i + 1] as string,
    );
  }
  for (let i = 0; i < found.fields.length; i += 2) {
    const name = (found.fields[i] as Buffer).toString("latin1");
    const value = values.get(name);
    if (value === undefined || !Buffer.from(value).equals(found.fields[i + 1] as Buffer))
      return false;
    // A field told twice, as HSCAN may, must not stand for one that is absent.
    values.delete(name);
  }
  return true;
}

function isKept(
  source: string | null,
  found: FoundSession,
  run: { readonly mapping: Mapping; readonly conflict: ConflictPolicy },
): boolean {
  if (run.conflict !== "newer") return run.conflict === "keep";
  const order = compareActivity(foundActivity(found, run.mapping), source, run.mapping.timestamps);
  return order === "newer" || order === "incomparable";
}

function foundActivity(found: FoundSession, mapping: Mapping): string | null {
  const name = renamed(mapping.renames, "last_activity_at");
  for (let i = 0; i < found.fields.length; i += 2) {
    if (found.fields[i]?.toString() !== name) continue;
    const text = found.fields[i + 1]?.toString() ?? null;
    return text === nullText(mapping) ? null : text;
  }
  return null;
}
