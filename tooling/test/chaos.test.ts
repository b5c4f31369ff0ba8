import { expect, it } from "vitest";
import { countWrong, playScenario, POSTGRES_SETTINGS } from "../src/chaos/scenario.js";
import { startPostgres } from "../src/local-services/index.js";

const SEED = Number(process.env["REHOME_TEST_SEED"] ?? Date.now() % 1_000_000);
console.log(`REHOME_TEST_SEED=${SEED}`);

it("a migration under writers, of which everything is killed, cut and restarted, loses nothing", async () => {
  const postgres = await startPostgres({ settings: POSTGRES_SETTINGS });
  const said: string[] = [];
  try {
    const outcome = await playScenario(postgres, {
      seed: SEED,
      durationMs: 25_000,
      sessions: 1_500,
      writers: 8,
      workers: 2,
      say: (text) => said.push(text),
    });
    expect(countWrong(outcome), `${JSON.stringify(outcome)}\n${said.join("\n")}`).toBe(0);
    // Something did befall it, and something was looked at.
    const { tally, findings, seen, transactions } = outcome;
    expect(tally.workerKills).toBeGreaterThan(0);
    expect(tally.tcpFaults).toBeGreaterThan(0);
    expect(Math.min(findings.checked, seen.read, transactions)).toBeGreaterThan(100);
  } finally {
    await postgres.stop();
  }
}, 300_000);
