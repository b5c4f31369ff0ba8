import { openHouse } from "../e2e/house.js";
import { recordResults } from "../e2e/results-page.js";
import { renderTable } from "../markdown-table.js";
import { startPostgres } from "../local-services/index.js";
import { endWithUsage, readOptions } from "../usage.js";
import { addHostile, migrateHostile, WRITE_WAYS } from "./hostile-run.js";

const USAGE = `usage: npm run hostile -- [--count N] [--seed S]

Migrates sessions whose ids, names and values are those of RESP, SQL, Lua and JavaScript, by
each way of writing, and compares them byte for byte; tooling/e2e/RESULTS.md keeps the last
results.

  --count N  sessions, 100000 by default
  --seed S   any by default
`;

const options = readOptions(USAGE, {
  count: { type: "string", default: "100000" },
  seed: { type: "string" },
});
const [count, seed] = [Number(options.count), Number(options.seed ?? Date.now() % 1_000_000)];
if (!(Number.isSafeInteger(count) && count > 0))
  endWithUsage(USAGE, "--count must be a whole number from 1");
if (!Number.isSafeInteger(seed)) endWithUsage(USAGE, "--seed must be a whole number");
// Servers and programs end with this process: see supervised-process.ts.
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => process.exit(130));
process.exit(await run());

/** Sends hostile sessions through transform and load, by each way of writing. Returns the exit code. */
async function run(): Promise<number> {
  const postgres = await startPostgres();
  const rows: string[][] = [];
  let sound = true;
  try {
    const house = await openHouse(postgres.url);
    try {
      say(`${count} hostile sessions of seed ${seed}`);
      await addHostile(house, seed, count);
      for (const way of WRITE_WAYS) {
        const { status, findings } = await migrateHostile(house, way);
        say(`${way}: ${JSON.stringify({ ...status.sessions, ...findings })}`);
        const { checked, lost, stale, extra, immortal } = findings;
        const { migrated, rejected } = status.sessions;
        rows.push([way, checked, migrated, rejected, lost, stale, extra, immortal].map(String));
        const arrived = migrated + rejected === count;
        sound &&= status.phase === "completed" && arrived && lost + stale + extra + immortal === 0;
      }
    } finally {
      await house.close();
    }
  } finally {
    await postgres.stop();
  }
  await recordResults("Hostile sessions", renderRows(rows));
  say(sound ? "every session arrived byte for byte, or is listed" : "NOT as it must be");
  return sound ? 0 : 1;
}

function renderRows(rows: readonly string[][]): string {
  return `\`npm run hostile -- --count ${count} --seed ${seed}\` wrote this section: ids, names and values of RESP, SQL, Lua and
JavaScript, migrated by each way of writing and compared byte for byte.

${renderTable([
  ["way", "compared", "migrated", "rejected and listed", "lost", "stale", "extra", "immortal"],
  ...rows,
])}`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
