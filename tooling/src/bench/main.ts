import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { withArena } from "./arena.js";
import { CONDITIONS, contendersOf, titleOf } from "./condition.js";
import type { Arena, Contender } from "./contender.js";
import { compareAll } from "./comparison.js";
import { atDistance, withDistances } from "./latency/distance.js";
import { compareDistances } from "./latency/distances-table.js";
import { readOptions, WORKLOADS } from "./options.js";
import { openProgress, type Progress } from "./progress.js";
import { Refusal } from "./refusal.js";
import { describeMachine, readSections, renderReport } from "./report.js";
import { type Findings, renderSection, type Section } from "./section.js";
import { whole } from "./table.js";
import { findEntrants, takeTurns } from "./turns.js";

// Later, it would be ours as well.
const [otherLoad = 0] = loadavg();
const measured: Section[] = [];
const { workloads, condition, latencies, rounds, results, given, ...size } = readOptions();

try {
  for (const workload of workloads) {
    // Servers that have nothing of the last store to tidy up.
    const cold = condition === "cold";
    await withArena({ workload, sessions: size.sessions, given, cold }, async (arena) => {
      measured.push(await measureWorkload(arena));
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
  const titles = WORKLOADS.flatMap((workload) =>
    CONDITIONS.map((condition) => titleOf(workload, condition)),
  );
  const sections = titles.flatMap((title) => {
    const isIts = (section: Section) => section.title === title;
    return measured.find(isIts) ?? before.find(isIts) ?? [];
  });
  await writeFile(file, `${renderReport(sections)}\n`);
}

/** What moving its sessions took, in the form of the report. */
async function measureWorkload(arena: Arena): Promise<Section> {
  const { workload } = arena;
  const { sessions, users } = size;
  const { present, absent } = await findEntrants(contendersOf(workload, condition));
  const progress = openProgress();
  try {
    progress.step(
      `${workload.store}: seeding ${whole(sessions)} sessions of ${whole(users)} users`,
      sessions,
    );
    await workload.seed(arena.urls, size, (done) => progress.at(done));
    const workMem = (await arena.cold?.confine(workload.tables)) ?? arena.workMem;
    const findings =
      condition === "latency"
        ? await measureFromAfar(arena, present, progress)
        : compareAll(
            workload,
            condition,
            sessions,
            await takeTurns({ ...arena, workMem }, present, rounds, progress),
          );
    const notes = [
      ...(arena.cold === null ? [] : [arena.cold.describe()]),
      ...absent,
      await describeMachine(arena, otherLoad),
    ];
    return renderSection({ workload, condition, size, rounds }, findings, notes);
  } finally {
    progress.end();
  }
}

async function measureFromAfar(
  arena: Arena,
  contenders: readonly Contender[],
  progress: Progress,
): Promise<Findings> {
  return await withDistances(arena, latencies, async (distances) => {
    const entrants = distances.flatMap((distance) =>
      contenders.map((contender) => atDistance(contender, distance)),
    );
    const rows = await takeTurns(arena, entrants, rounds, progress);
    return compareDistances(arena.workload, contenders, distances, size.sessions, rows);
  });
}
