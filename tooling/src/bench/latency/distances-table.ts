import { renderTable } from "../../markdown-table.js";
import type { Contender } from "../contender.js";
import type { Findings } from "../section.js";
import { median, ratioOf, type Row, whole } from "../table.js";
import type { Workload } from "../workload.js";
import { type Distance, nameAt } from "./distance.js";

/** Everyone's speed at each distance, and what is left of it. */
export function compareDistances(
  { fastest }: Workload,
  contenders: readonly Contender[],
  distances: readonly Distance[],
  sessions: number,
  rows: readonly Row[],
): Findings {
  const turnsAt = (contender: Contender, ms: number) =>
    rows.find(({ name }) => name === nameAt(contender, ms))?.turns ?? [];
  const cell = (contender: Contender, ms: number): string => {
    const turns = turnsAt(contender, ms);
    const speed = whole(median(turns.map(({ seconds }) => sessions / seconds)));
    return ms === 0 ? speed : `${speed} (${ratioOf(turns, turnsAt(contender, 0)).toFixed(2)}×)`;
  };
  const others = contenders.filter((contender) => contender !== fastest);
  const comparisons = distances.map(({ ms }) => {
    const ratios = others.map(
      (other) =>
        `**${ratioOf(turnsAt(fastest, ms), turnsAt(other, ms)).toFixed(2)}×** ${other.name}`,
    );
    return `${fastest.name}, at ${ms} ms: ${ratios.join(", ")}.`;
  });
  const pings = distances.map(({ ms, pingMs }) => `${pingMs.toFixed(1)} ms at ${ms} ms`);
  return {
    table: renderTable([
      ["sessions/s (to its own without delay)", ...distances.map(({ ms }) => `${ms} ms`)],
      ...contenders.map((contender) => [
        contender.name,
        ...distances.map(({ ms }) => cell(contender, ms)),
      ]),
    ]),
    remarks: [
      ...comparisons,
      "Every connection to source, queue and target went through a proxy that makes a round trip take so many " +
        `milliseconds longer, and limits no throughput; a PING of the target took ${pings.join(", ")}.`,
    ],
  };
}
