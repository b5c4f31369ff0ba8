import type { Outcome } from "./outcome.js";
import type { Phase, RunId } from "./run.js";

/** The document of `status --json`, of `/api/runs/:run`, and what every progress bar is drawn from. */
export interface Status {
  readonly run: RunId;
  readonly phase: Phase;
  /** `total = waiting + active + done + failed`; total grows while the plan does. */
  readonly chunks: Record<"total" | "waiting" | "active" | "done" | "failed", number>;
  readonly sessions: Record<"planned" | "read" | Outcome, number>;
  /** ISO 8601, by the queue Redis's clock. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly sessionsPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly notice: string | null;
}

/** How many sessions had been read at a time in Unix milliseconds. */
export interface Sample {
  readonly at: number;
  readonly read: number;
}

/** Sessions read per second from the first sample to the last; null while nothing can be said. */
export function rate(samples: readonly Sample[]): number | null {
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  // A chunk run again may read fewer sessions than it did before.
  return round((Math.max(0, last.read - first.read) / (last.at - first.at)) * 1000);
}

/** Seconds until what is planned has been read at this rate; null while the rate is unknown. */
export function eta(planned: number, read: number, perSecond: number | null): number | null {
  if (perSecond === null || perSecond <= 0) return null;
  return round(Math.max(0, planned - read) / perSecond);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
