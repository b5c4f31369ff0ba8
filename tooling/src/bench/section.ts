import { type Condition, titleOf } from "./condition.js";
import { whole } from "./table.js";
import type { Size, Workload } from "./workload.js";

/** What was measured of one store under one condition, by its title. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

/** A table of Markdown, and what it shows. */
export interface Findings {
  readonly table: string;
  readonly remarks: readonly string[];
}

export interface Measurement {
  readonly workload: Workload;
  readonly condition: Condition;
  readonly size: Size;
  readonly rounds: number;
}

/** `notes` stand at its end. */
export function renderSection(
  { workload, condition, size, rounds }: Measurement,
  { table, remarks }: Findings,
  notes: readonly string[],
): Section {
  const turns = rounds === 1 ? "one round" : `${rounds} rounds`;
  const text = [
    `${whole(size.sessions)} sessions of ${whole(size.users)} users, ${workload.description}; ${turns}.`,
    "",
    table,
    "",
    ...[...remarks, ...notes].map((line) => `- ${line}`),
  ].join("\n");
  return { title: titleOf(workload, condition), text };
}
