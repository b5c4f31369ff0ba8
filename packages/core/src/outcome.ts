/** What became of a session. */
export const OUTCOMES = ["migrated", "kept", "expired", "rejected"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * Sessions by outcome. Always `read = migrated + kept + expired + rejected`; `incomparable` counts those
 * among `kept` whose `last_activity_at` in the target could not be compared, and only feeds the notice.
 */
export type Counts = Record<Outcome | "read" | "incomparable", number>;

export const COUNT_NAMES = ["read", ...OUTCOMES, "incomparable"] as const;

export function zeroCounts(): Counts {
  return { read: 0, migrated: 0, kept: 0, expired: 0, rejected: 0, incomparable: 0 };
}

export function count(counts: Counts, outcome: Outcome): void {
  counts.read += 1;
  counts[outcome] += 1;
}
