import {
  compareRecency,
  type ConflictPolicy,
  EXPIRY_TOLERANCE_MS,
  type Order,
} from "./conflict.js";
import { type FoundSession, type TargetSession, type Text, textBytes } from "./session.js";
import type { TargetLayout } from "./target-layout.js";
import type { Transformed } from "./transformed-batch.js";
import { type Coverage, reasonForNoVerdict } from "./verification-coverage.js";

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
  /** null: nothing differs, and too little was compared to say more; see `reasonForNoVerdict`. */
  readonly ok: boolean | null;
}

/** `count` compares presence, not contents; `sample` looks at no key the source does not have. */
export function conclude(
  run: string,
  mode: VerifyMode,
  counts: VerifyCounts,
  coverage: Coverage,
): Verification {
  const mismatched = mode === "count" ? null : counts.mismatched;
  const extra = mode === "sample" ? null : counts.extra;
  const agrees = counts.missing === 0 && (mismatched ?? 0) === 0 && (extra ?? 0) === 0;
  const ok = agrees && reasonForNoVerdict(counts, coverage) !== null ? null : agrees;
  const { checked, matched, missing, kept, expired, rejected } = counts;
  return { run, mode, checked, matched, missing, mismatched, extra, kept, expired, rejected, ok };
}

/** What a run says of the sessions it has written. */
export interface Written {
  readonly layout: TargetLayout;
  readonly conflict: ConflictPolicy;
}

/**
 * `wasRejected` says whether this run's rejects hold the session; `now` is the target's clock, read after `found`
 * was: a session that expires in between is no difference.
 */
export function compareSession(
  expected: Transformed,
  found: FoundSession,
  written: Written,
  wasRejected: boolean,
  now: number,
): Verdict {
  const { type } = written.layout;
  switch (expected.kind) {
    case "rejected":
      return wasRejected ? "rejected" : found.type === "none" ? "missing" : "mismatched";
    case "expired":
      if (found.type !== type || (found.expiresAt ?? Infinity) <= now) return "expired";
      return isKept(expected, found, written, ["newer", "incomparable"]) ? "kept" : "mismatched";
    case "write":
      if (found.type === type && holdsExactly(expected.session, found)) return "matched";
      if (wasRejected) return "rejected";
      if (found.type === "none") return "missing";
      if (found.type !== type) return "mismatched";
      return isKept(expected.session, found, written, ["newer", "tied", "incomparable"])
        ? "kept"
        : "mismatched";
  }
}

function holdsExactly(expected: TargetSession, found: FoundSession): boolean {
  if (found.expiresAt === null) return false;
  if (Math.abs(found.expiresAt - expected.expiresAt) > EXPIRY_TOLERANCE_MS) return false;
  if (found.fields.length !== expected.fields.length) return false;
  const values = new Map<string, Buffer>();
  for (let i = 0; i < expected.fields.length; i += 2) {
    const [name, value] = [expected.fields[i] as Text, expected.fields[i + 1] as Text];
    values.set(textBytes(name).toString("latin1"), textBytes(value));
  }
  for (let i = 0; i < found.fields.length; i += 2) {
    const name = (found.fields[i] as Buffer).toString("latin1");
    if (values.get(name)?.equals(found.fields[i + 1] as Buffer) !== true) return false;
    // A field told twice, as HSCAN may, must not stand for one that is absent.
    values.delete(name);
  }
  return true;
}

/**
 * `orders`: what `newer` does not replace. A tie does not save the copy of a session that has expired: it would
 * outlive a logout that moved nothing but the expiry.
 */
function isKept(
  source: { readonly recency: string | null; readonly expiresAt: number },
  found: FoundSession,
  { layout, conflict }: Written,
  orders: readonly Order[],
): boolean {
  if (conflict !== "newer") return conflict === "keep";
  return orders.includes(compareRecency(found, source, layout.recency));
}
