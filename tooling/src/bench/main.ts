import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { withArena } from "./arena.js";
import type { Arena } from "./contender.js";
import { measure } from "./measure.js";
import { readOptions } from "./options.js";
import { openProgress } from "./progress.js";
import { Refusal } from "./refusal.js";
import { describeMachine, renderReport, renderSection } from "./report.js";
import { type Row, whole } from "./table.js";

// Ours would be among it later.
const [otherLoad = 0] = loadavg();
const { workloads, rounds, results, given, ...size } = readOptions();

try {
  const sections: string[] = [];
  let machine = "";
  for (const workload of workloads) {
    // Servers that have nothing of the last store to tidy up.
    await withArena({ workload, sessions: size.sessions, given }, async (arena) => {
      sections.push(renderSection(workload, size, await takeTurns(arena)));
      machine = await describeMachine(arena, otherLoad);
    });
  }
  const report = renderReport(sections, rounds, machine);
  process.stdout.write(`${report}\n`);
  if (results !== null) await writeFile(results, `${report}\n`);
} catch (error) {
  // Never the error as a whole: a driver's carries its command, which may be AUTH with a password.
  const refused = error instanceof Refusal;
  process.stderr.write(`${refused ? `bench: ${error.message}` : (error as Error).stack}\n`);
  process.exit(refused ? error.exitCode : 1);
}

async function takeTurns(arena: Arena): Promise<Row[]> {
  const { workload } = arena;
  const { store, contenders } = workload;
  const { sessions, users } = size;
  const progress = openProgress();
  try {
    progress.step(
      `${store}: seeding ${whole(sessions)} sessions of ${whole(users)} users`,
      sessions,
    );
    await workload.seed(arena.urls, size, (done) => progress.at(done));
    const rows: Row[] = contenders.map(({ name }) => ({ name, turns: [] }));
    let turns = 0;
    for (let round = 1; round <= rounds; round += 1) {
      for (const [i, contender] of contenders.entries()) {
        progress.step(
          `${store}, round ${round} of ${rounds}: ${contender.name}`,
          rounds * contenders.length,
        );
        const turn = await measure(arena, contender);
        rows[i] = { name: contender.name, turns: [...(rows[i]?.turns ?? []), turn] };
        turns += 1;
        progress.at(turns);
      }
    }
    return rows;
  } finally {
    progress.end();
  }
}
