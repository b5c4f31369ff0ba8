import type { Contender } from "./contender.js";
import type { Workload } from "./workload.js";

/** Whether PostgreSQL has memory for all tables, or for a third of them and none filled when a turn begins. */
export type Condition = "warm" | "cold";

/** In the order of the report. */
export const CONDITIONS: readonly Condition[] = ["warm", "cold"];

const SUFFIXES = { warm: "", cold: " (cold)" } as const;

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
  }
}
