import { randomInt } from "node:crypto";

declare const brand: unique symbol;

/** `20261123-183856-k3f9`: UTC time and four random letters or digits, so that ids sort by time and never meet. */
export type RunId = string & { readonly [brand]: "RunId" };

export const RUN_ID_PATTERN = /^\d{8}-\d{6}-[a-z0-9]{4}$/;

export function newRunId(now: Date): RunId {
  const [date = "", time = ""] = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").split("T");
  const suffix = randomInt(36 ** 4)
    .toString(36)
    .padStart(4, "0");
  return `${date}-${time}-${suffix}` as RunId;
}

export function isRunId(text: string): text is RunId {
  return RUN_ID_PATTERN.test(text);
}

/** Every legal change of a run's phase; what is not listed does not happen. */
export const TRANSITIONS = {
  planning: ["running", "paused", "failed", "cancelled"],
  running: ["paused", "completed", "failed", "cancelled"],
  paused: ["planning", "running", "failed", "cancelled"],
  completed: ["running"],
  failed: ["planning", "running"],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;

export type Phase = keyof typeof TRANSITIONS;

export const PHASES = Object.keys(TRANSITIONS) as readonly Phase[];

/** A run in one of these is active: no second one may start. */
export const ACTIVE_PHASES: readonly Phase[] = ["planning", "running", "paused"];

/** Chunks may be added to the plan of a run in one of these. */
export const PLANNABLE_PHASES: readonly Phase[] = ["planning", "paused"];

/** Workers copy the chunks of a run in one of these. */
export const COPYING_PHASES: readonly Phase[] = ["planning", "running"];

/** A run that has ended in one of these can be retried. */
export const RETRYABLE_PHASES: readonly Phase[] = ["completed", "failed"];

export function isActive(phase: Phase): boolean {
  return ACTIVE_PHASES.includes(phase);
}

/** The phases from which `to` may be entered. */
export function phasesBefore(to: Phase): Phase[] {
  return PHASES.filter((from) => (TRANSITIONS[from] as readonly Phase[]).includes(to));
}
