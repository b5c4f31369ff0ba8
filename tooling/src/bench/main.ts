import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { withArena } from "./arena.js";
import type { Arena } from "./contender.js";
import { measure } from "./measure.js";
import { readOptions, WORKLOADS } from "./options.js";
import { openProgress } from "./progress.js";
import { Refusal } from "./refusal.js";
import {
  describeMachine,
  readSections,
  renderReport,
  renderSection,
  type Section,
} from "./report.js";
import { type Row, whole } from "./table.js";

// Later, it would be ours as well.
const [otherLoad = 0] = loadavg();
const measured: Section[] = [];
const { workloads, rounds, results, given, ...size } = readOptions();

try {
  for (const workload of workloads) {
    // Servers that have nothing of the last store to tidy up.
    await withArena({ workload, sessions: size.sessions, given }, async (arena) => {
      const rows = await takeTurns(arena);
      const machine = await describeMachine(arena, otherLoad);
      measured.push(renderSection(workload, size, rows, machine));
    });
  }
  process.stdout.write(`${renderReport(measured)}\n`);
  if (results !== null) await record(results);
} catch (error) {
  // Never the error as a whole: a driver's carries its command, which may be AUTH with a password.
  const refused = error instanceof Refusal;
  process.stderr.write(`${refused ? `bench: ${error.message}` : (error as Error).stack}\n`);
  process.exit(refused ? error.exitCode : 1);
}

/** What was not measured stays as it was. */
async function record(file: string): Promise<void> {
  const before = existsSync(file) ? readSections(await readFile(file, "utf8")) : [];
  const sections = WORKLOADS.flatMap(({ title }) => {
    const isIts = (section: Section) => section.title === title;
    return measured.find(isIts) ?? before.find(isIts) ?? [];
  });
  await writeFile(file, `${renderReport(sections)}\n`);
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
