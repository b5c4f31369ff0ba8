import type { Contender } from "./contender.js";
import type { Workload } from "./workload.js";

/**
 * PostgreSQL has memory for all tables; or for a third of them, and none is filled when a turn begins; or all servers are
 * far away.
 */
export type Condition = "warm" | "cold" | "latency";

/** In the order of the report. */
export const CONDITIONS: readonly Condition[] = ["warm", "cold", "latency"];

const SUFFIXES = { warm: "", cold: " (cold)", latency: " (latency)" } as const;

/** Of the report's section. */
export function titleOf({ title }: Workload, condition: Condition): string {
  return `${title}${SUFFIXES[condition]}`;
}

/** Under other conditions than the usual one, those alone from whom one learns something more. */
export function contendersOf(workload: Workload, condition: Condition): readonly Contender[] {
  const { contenders, floor, textbook, oneLiner, goProgram, fastest } = workload;
  switch (condition) {
    case "warm":
      return contenders;
    case "cold":
      return [floor, textbook, oneLiner, goProgram, fastest];
    case "latency":
      return [oneLiner, goProgram, fastest];
  }
}
