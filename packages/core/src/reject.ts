import type { SessionId } from "./session.js";

/** Why a session cannot be represented in the target. A code, once public, keeps its meaning. */
export const REJECT_CODES = [
  "field-collision",
  "time-out-of-range",
  "wrong-type",
  "too-large",
  "unrepresentable",
] as const;
export type RejectCode = (typeof REJECT_CODES)[number];

/** How many sessions a run may reject before it stops, where its operator has set no limit: 1 % of its plan, at least 1,000. */
export function rejectLimit(planned: number): number {
  return Math.max(1_000, Math.floor(planned / 100));
}

/** `message` names fields only where the name is ours: an attribute's name is the user's data. */
export interface Reject {
  readonly id: SessionId;
  readonly code: RejectCode;
  readonly message: string;
}
