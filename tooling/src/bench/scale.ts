import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { renderTable } from "../markdown-table.js";
import { withArena } from "./arena.js";
import type { Arena, Contender } from "./contender.js";
import { type Measured, measure } from "./measure.js";
import { openProgress } from "./progress.js";
import { moveOnce, withWorkers } from "./rehome.js";
import type { ReferenceSize } from "./reference/seed.js";
import { seed } from "./reference/seed.js";
import { reference } from "./reference/workload.js";
import { whole } from "./table.js";

const RESULTS = fileURLToPath(new URL("../../bench/SCALE.md", import.meta.url));

const { values } = parseArgs({
  options: {
    /** Only for trying this out: every size divided by it. */
    divide: { type: "string", default: "1" },
    /** Only tables whose description holds this; what they took is shown and not written down. */
    only: { type: "string" },
    results: { type: "string", default: RESULTS },
  },
});
const divide = Number(values.divide);
const M = 1_000_000 / divide;

/** More sessions for the same users, then more users for the same sessions. */
const SIZES: readonly ReferenceSize[] = [
  { sessions: 0.1 * M, users: 0.2 * M },
  { sessions: 1 * M, users: 0.2 * M },
  { sessions: 5 * M, users: 0.2 * M },
  { sessions: 1 * M, users: 0.02 * M },
  { sessions: 1 * M, users: 2 * M },
  { sessions: 0.1 * M, users: 0.02 * M, large: 100 },
];

/** Of a chunk, unless another is asked for. */
const USUAL_CHUNK_SIZE = 20_000;
/** Both ends of what is sensible beside it. */
const CHUNK_SIZES = [1_000, USUAL_CHUNK_SIZE, 100_000];

const lines: string[][] = [];
const progress = openProgress();
await withArena({ sessions: SIZES[0]?.sessions ?? 0, workload: reference }, async (arena) => {
  for (const size of SIZES) {
    const large = size.large === undefined ? "" : `, ${size.large} sessions of 10 MB`;
    const name = `${whole(size.sessions)} sessions, ${whole(size.users)} users${large}`;
    if (values.only !== undefined && !name.includes(values.only)) continue;
    progress.step(`seeding ${name}`, size.sessions);
    await seed(arena.urls, size, (done) => progress.at(done));
    const isPlain = size.sessions === M && size.users === 0.2 * M;
    for (const chunkSize of isPlain ? CHUNK_SIZES : [USUAL_CHUNK_SIZE]) {
      progress.step(`moving ${name}, ${whole(chunkSize)} a chunk`);
      lines.push([name, whole(chunkSize), ...(await moveTwice(arena, size, chunkSize))]);
    }
  }
});
progress.end();

const report = [
  "# What `npm run bench:scale` measured",
  "",
  `Two workers, policy \`newer\`${divide === 1 ? "" : `; every size divided by ${divide}`}. ` +
    "CPU is that of workers, PostgreSQL and Redis together, in seconds per million sessions.",
  "A worker compiles its code in its first run, which weighs on few sessions: each row is measured with workers that",
  "have moved the same sessions before, and beside it stands what that first run took.",
  "",
  renderTable([
    [
      "tables",
      "sessions a chunk",
      "CPU s per million",
      "of which worker / PostgreSQL / Redis",
      "CPU s of a first run",
      "first chunk after",
      "peak RSS",
      "longest hold",
    ],
    ...lines,
  ]),
].join("\n");
process.stdout.write(`${report}\n`);
if (values.only === undefined) await writeFile(values.results, `${report}\n`);

/** The same workers move all of it, and then, from an emptied target, once more. */
async function moveTwice(arena: Arena, size: ReferenceSize, chunkSize: number): Promise<string[]> {
  const { sessions } = size;
  const { result, longestHoldMs } = await withWorkers(arena.urls, 2, async (workers) => {
    const contender: Contender = {
      name: "Rehome",
      leaves: "milliseconds",
      move: () => moveOnce(workers, arena, { policy: "newer", chunkSize }),
    };
    const first = await measure({ ...arena, sessions }, contender);
    return { first, again: await measure({ ...arena, sessions }, contender) };
  });
  const { first, again } = result;
  const parts = secondsPerMillion(again, sessions);
  return [
    sum(parts).toFixed(1),
    parts.map((part) => part.toFixed(1)).join(" / "),
    sum(secondsPerMillion(first, sessions)).toFixed(1),
    `${whole(first.firstChunkMs ?? Number.NaN)} ms`,
    `${whole((again.peakBytes ?? Number.NaN) / 2 ** 20)} MiB`,
    `${whole(longestHoldMs)} ms`,
  ];
}

/** Of the workers, PostgreSQL and Redis. */
function secondsPerMillion(turn: Measured, sessions: number): number[] {
  return [turn.loaderSeconds, turn.postgresSeconds, turn.redisSeconds].map(
    (seconds) => ((seconds ?? Number.NaN) / sessions) * 1e6,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
