import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { renderTable } from "../markdown-table.js";
import { withArena } from "./arena.js";
import { type Measured, measure } from "./measure.js";
import { openProgress } from "./progress.js";
import { rehome } from "./rehome.js";
import { seed, type Size } from "./seed.js";
import { whole } from "./table.js";

const RESULTS = fileURLToPath(new URL("../../bench/SCALE.md", import.meta.url));

const { values } = parseArgs({
  options: {
    /** Only for trying this out: every size divided by it. */
    divide: { type: "string", default: "1" },
    results: { type: "string", default: RESULTS },
  },
});
const divide = Number(values.divide);
const M = 1_000_000 / divide;

/** More sessions for the same users, then more users for the same sessions. */
const SIZES: readonly Size[] = [
  { sessions: 0.1 * M, users: 0.2 * M },
  { sessions: 1 * M, users: 0.2 * M },
  { sessions: 5 * M, users: 0.2 * M },
  { sessions: 1 * M, users: 0.02 * M },
  { sessions: 1 * M, users: 2 * M },
  { sessions: 0.1 * M, users: 0.02 * M, large: 100 },
];

/** One size of chunks beside the default, at both ends of what is sensible. */
const CHUNK_SIZES = [1_000, 5_000, 100_000];

const lines: string[][] = [];
const progress = openProgress();
await withArena({ sessions: SIZES[0]?.sessions ?? 0 }, async (arena) => {
  for (const size of SIZES) {
    const large = size.large === undefined ? "" : `, ${size.large} sessions of 10 MB`;
    const name = `${whole(size.sessions)} sessions, ${whole(size.users)} users${large}`;
    progress.step(`seeding ${name}`, size.sessions);
    await seed(arena.urls, size, (done) => progress.at(done));
    const isPlain = size.sessions === M && size.users === 0.2 * M;
    for (const chunkSize of isPlain ? CHUNK_SIZES : [5_000]) {
      progress.step(`moving ${name}, ${whole(chunkSize)} a chunk`);
      const contender = rehome({ workers: 2, policy: "newer", chunkSize });
      const turn = await measure({ ...arena, sessions: size.sessions }, contender);
      lines.push([name, whole(chunkSize), ...describe(turn, size)]);
    }
  }
});
progress.end();

const report = [
  "# What `npm run bench:scale` measured",
  "",
  `Two workers, policy \`newer\`${divide === 1 ? "" : `; every size divided by ${divide}`}. ` +
    "A worker compiles its code once, which weighs on few sessions.",
  "CPU is that of workers, PostgreSQL and Redis together, in seconds per million sessions.",
  "",
  renderTable([
    [
      "tables",
      "sessions a chunk",
      "CPU s per million",
      "of which worker / PostgreSQL / Redis",
      "first chunk after",
      "peak RSS",
      "longest hold",
    ],
    ...lines,
  ]),
].join("\n");
process.stdout.write(`${report}\n`);
await writeFile(values.results, `${report}\n`);

function describe(turn: Measured, { sessions }: Size): string[] {
  const parts = [turn.loaderSeconds, turn.postgresSeconds, turn.redisSeconds].map(
    (seconds) => ((seconds ?? Number.NaN) / sessions) * 1e6,
  );
  const total = parts.reduce((sum, part) => sum + part, 0);
  return [
    total.toFixed(1),
    parts.map((part) => part.toFixed(1)).join(" / "),
    `${whole(turn.told?.firstChunkMs ?? Number.NaN)} ms`,
    `${whole((turn.peakBytes ?? Number.NaN) / 2 ** 20)} MiB`,
    `${whole(turn.told?.longestHoldMs ?? Number.NaN)} ms`,
  ];
}
