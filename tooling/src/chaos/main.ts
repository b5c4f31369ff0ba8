import { recordResults } from "../e2e/results-page.js";
import { startPostgres } from "../local-services/index.js";
import { endWithUsage, readOptions } from "../usage.js";
import { renderResults, sumTallies } from "./results.js";
import { countWrong, type Outcome, playScenario, POSTGRES_SETTINGS } from "./scenario.js";

const [WRITERS, WORKERS, SESSIONS] = [8, 3, 3_000];
const SCENARIO_MS = 75_000;

const USAGE = `usage: npm run chaos -- [--minutes M] [--seed S]

Migrates under writers while everything is killed, cut and restarted, and judges what
came of it; tooling/e2e/RESULTS.md keeps the last results.

  --minutes M  how long, 5 by default; with 0, one scenario
  --seed S     of the first scenario, any by default; the next ones follow it
`;

const options = readOptions(USAGE, {
  minutes: { type: "string", default: "5" },
  seed: { type: "string" },
});
const minutes = Number(options.minutes);
const seed = Number(options.seed ?? Date.now() % 1_000_000);
if (!(minutes >= 0)) endWithUsage(USAGE, "--minutes must be a number from 0");
if (!Number.isSafeInteger(seed)) endWithUsage(USAGE, "--seed must be a whole number");
for (const [name, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  // Servers and programs end with this process: see supervised-process.ts.
  process.once(name, () => process.exit(code));
}
process.exit(await play());

/** Plays scenarios for so long, at least one. Returns the exit code. */
async function play(): Promise<number> {
  const outcomes: Outcome[] = [];
  const end = Date.now() + minutes * 60_000;
  for (let next = seed; outcomes.length === 0 || Date.now() < end; next += 1) {
    const postgres = await startPostgres({ settings: POSTGRES_SETTINGS });
    try {
      say(`scenario of seed ${next}`);
      const outcome = await playScenario(postgres, {
        seed: next,
        durationMs: SCENARIO_MS,
        sessions: SESSIONS,
        writers: WRITERS,
        workers: WORKERS,
        say: (text) => say(`  ${text}`),
      });
      outcomes.push(outcome);
      report(outcome);
    } finally {
      await postgres.stop();
    }
  }
  const conditions = { seed, minutes, writers: WRITERS, workers: WORKERS };
  await recordResults("Chaos", renderResults(outcomes, conditions));
  say(JSON.stringify(sumTallies(outcomes)));
  const wrong = outcomes.filter((outcome) => countWrong(outcome) > 0);
  say(
    wrong.length === 0
      ? `${outcomes.length} scenarios, and nothing was wrong`
      : `wrong with seeds ${wrong.map((outcome) => outcome.seed).join(", ")}`,
  );
  return wrong.length === 0 ? 0 : 1;
}

function report(outcome: Outcome): void {
  const { tally, findings, seen, wrong } = outcome;
  say(JSON.stringify({ tally, findings, seen }));
  for (const text of wrong) say(`WRONG: ${text}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
