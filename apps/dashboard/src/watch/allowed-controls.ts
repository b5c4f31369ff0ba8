import { isActive, phasesBefore, RETRYABLE_PHASES, type Status } from "@rehome/core";
import type { ControlName } from "../view-model.js";

/** What an operator may do to a run as it stands; each verb checks again for itself. */
export function allowedControls(
  { phase, chunks, sessions }: Pick<Status, "phase" | "chunks" | "sessions">,
  planComplete: boolean,
): ControlName[] {
  const retryable = RETRYABLE_PHASES.includes(phase);
  const allowed: Record<ControlName, boolean> = {
    pause: phasesBefore("paused").includes(phase),
    resume: phase === "paused",
    rate: isActive(phase),
    "retry-failed": retryable && chunks.failed > 0,
    "retry-rejects": retryable && sessions.rejected > 0,
    verify: !isActive(phase) && planComplete,
    cancel: phasesBefore("cancelled").includes(phase),
  };
  return (Object.keys(allowed) as ControlName[]).filter((name) => allowed[name]);
}
