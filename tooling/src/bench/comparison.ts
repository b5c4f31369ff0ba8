import type { Condition } from "./condition.js";
import type { Contender } from "./contender.js";
import type { Findings } from "./section.js";
import { medianOf, ratioOf, renderTable, type Row, whole } from "./table.js";
import type { Workload } from "./workload.js";

/** Everyone's turns, and the fastest of Rehome's with each of the others that took part. */
export function compareAll(
  workload: Workload,
  condition: Condition,
  sessions: number,
  rows: readonly Row[],
): Findings {
  return {
    table: renderTable(rows, workload.oneLiner.name, sessions),
    remarks: [compareFastest(workload, condition, rows), describeRuns(rows)],
  };
}

function compareFastest(workload: Workload, condition: Condition, rows: readonly Row[]): string {
  const { fastest, oneLiner, textbook, goProgram, floor, tables } = workload;
  const turnsOf = (contender: Contender) =>
    rows.find(({ name }) => name === contender.name)?.turns ?? [];
  const mine = turnsOf(fastest);
  const speed = (other: Contender, digits: number, words: string): string[] => {
    const theirs = turnsOf(other);
    return theirs.length === 0 ? [] : [`**${ratioOf(mine, theirs).toFixed(digits)}×** ${words}`];
  };
  const amount = (of: Contender, what: "bytesPerSession" | "bytesRead") =>
    medianOf(turnsOf(of).map((turn) => turn[what]));
  const share = (what: "bytesPerSession" | "bytesRead", words: string): string[] => {
    const [own, others] = [amount(fastest, what), amount(oneLiner, what)];
    return own === null || others === null || others === 0
      ? []
      : [`**${(own / others).toFixed(2)}×** ${words}`];
  };
  const parts = [
    ...speed(oneLiner, 2, "the one-liner"),
    ...speed(goProgram, 2, "the Go program"),
    ...speed(textbook, 1, "the textbook script"),
    // A scan of one table of several is no floor for what must read them all.
    ...(tables.length === 1 ? speed(floor, 2, "the floor") : []),
    ...share("bytesPerSession", "the memory that the one-liner leaves taken"),
    ...(condition === "cold"
      ? share("bytesRead", "the bytes that the one-liner reads from the disk")
      : []),
  ];
  return `${fastest.name}: ${parts.join(", ")}.`;
}

function describeRuns(rows: readonly Row[]): string {
  const turns = rows.flatMap((row) => row.turns);
  const most = (name: "firstChunkMs" | "longestHoldMs") =>
    whole(Math.max(...turns.flatMap((turn) => turn[name] ?? [])));
  return (
    `The first chunk was begun ${most("firstChunkMs")} ms after the run had started, at the latest; ` +
    `no worker's event loop was held longer than ${most("longestHoldMs")} ms.`
  );
}
