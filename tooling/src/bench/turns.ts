import type { Arena, Contender } from "./contender.js";
import { measure } from "./measure.js";
import type { Progress } from "./progress.js";
import type { Row } from "./table.js";

/** Each contender once a round, one after the other. */
export async function takeTurns(
  arena: Arena,
  contenders: readonly Contender[],
  rounds: number,
  progress: Progress,
): Promise<Row[]> {
  const rows: Row[] = contenders.map(({ name }) => ({ name, turns: [] }));
  let turns = 0;
  for (let round = 1; round <= rounds; round += 1) {
    for (const [i, contender] of contenders.entries()) {
      progress.step(
        `${arena.workload.store}, round ${round} of ${rounds}: ${contender.name}`,
        rounds * contenders.length,
      );
      const turn = await measure(arena, contender);
      rows[i] = { name: contender.name, turns: [...(rows[i]?.turns ?? []), turn] };
      turns += 1;
      progress.at(turns);
    }
  }
  return rows;
}

export interface Entrants {
  readonly present: readonly Contender[];
  /** Who cannot take part on this machine, and why, in words for the report. */
  readonly absent: readonly string[];
}

export async function findEntrants(contenders: readonly Contender[]): Promise<Entrants> {
  const present: Contender[] = [];
  const absent: string[] = [];
  for (const contender of contenders) {
    const why = (await contender.absence?.()) ?? null;
    if (why === null) present.push(contender);
    else absent.push(`Skipped, since ${why}: ${contender.name}.`);
  }
  return { present, absent };
}
