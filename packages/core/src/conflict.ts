import type { FoundSession } from "./session.js";
import type { RecencyForm, RecencyRule } from "./target-layout.js";

/** What happens to a session that the target holds already. The load script of the target follows the same rules. */
export const CONFLICT_POLICIES = ["newer", "replace", "keep"] as const;
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

/** How what is found in the target stands to the source's. `tied`: rounded alike, so either may be the newer one. */
export type Order = "newer" | "same" | "tied" | "older" | "incomparable";

/** Numbers that grow with time; null for a text that is not of the form. */
const MEASURES = {
  iso: (text: string) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text)
      ? BigInt(text.replaceAll(/\D/g, ""))
      : null,
  // Exactly: JavaScript's own numbers could not tell two times in nanoseconds apart.
  number: (text: string) => {
    const [, sign = "", whole = "", fraction = ""] = DECIMAL.exec(text) ?? [];
    if (whole === "") return null;
    const magnitude = BigInt(whole + fraction.padEnd(MAX_DIGITS, "0"));
    return sign === "" ? magnitude : -magnitude;
  },
};
const MAX_DIGITS = 30;
const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/** Like is compared with like, and absent counts as oldest. */
export function compareTexts(
  found: string | null,
  source: string | null,
  form: RecencyForm,
): Order {
  if (found === null) return source === null ? "same" : "older";
  if (source === null) return "newer";
  const equal = form === "rounded-number" ? "tied" : "same";
  if (found === source) return equal;
  const measure = MEASURES[form === "iso" ? "iso" : "number"];
  const [a, b] = [measure(found), measure(source)];
  if (a === null || b === null) return "incomparable";
  return a > b ? "newer" : a < b ? "older" : equal;
}

/** A server older than Redis 7 tells only the time to live: what it is asked for may be a millisecond off. */
export const EXPIRY_TOLERANCE_MS = 1;

/** A key that never expires cannot be compared with one that does. */
export function compareExpiries(found: number | null, source: number): Order {
  if (found === null) return "incomparable";
  if (Math.abs(found - source) <= EXPIRY_TOLERANCE_MS) return "same";
  return found > source ? "newer" : "older";
}

/** A key of another type, or none, holds no session. */
export function compareRecency(
  found: FoundSession,
  source: { readonly recency: string | null; readonly expiresAt: number },
  rule: RecencyRule,
): Order {
  if (rule.by === "expiry") return compareExpiries(found.expiresAt, source.expiresAt);
  return compareTexts(foundText(found, rule), source.recency, rule.form);
}

function foundText(
  { fields }: FoundSession,
  { name, absent }: RecencyRule & { readonly by: "field" },
): string | null {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toString() !== name) continue;
    const text = fields[i + 1]?.toString() ?? null;
    return text === absent ? null : text;
  }
  return null;
}
