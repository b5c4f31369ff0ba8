import type { TimestampForm } from "./time.js";

/** What happens to a session the target already holds: see the contract's Load step. */
export const CONFLICT_POLICIES = ["newer", "replace", "keep"] as const;
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

const COMPARABLE: Record<TimestampForm, RegExp> = {
  iso: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
  "epoch-seconds": /^-?\d{1,15}(\.\d+)?$/,
  "epoch-milliseconds": /^-?\d{1,15}(\.\d+)?$/,
};

/**
 * How a `last_activity_at` found in the target stands to the source's: like is compared with like, and
 * absent counts as oldest. The same rule as the load script's, for what is compared outside of Redis.
 */
export function compareActivity(
  found: string | null,
  source: string | null,
  form: TimestampForm,
): "newer" | "same" | "older" | "incomparable" {
  if (found === null || source === null) {
    return found === source ? "same" : found === null ? "older" : "newer";
  }
  if (!COMPARABLE[form].test(found)) return "incomparable";
  const [a, b] = form === "iso" ? [found, source] : [Number(found), Number(source)];
  return a > b ? "newer" : a < b ? "older" : "same";
}
