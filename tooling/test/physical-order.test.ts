import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { failAt } from "../src/e2e/failpoint.js";
import { until } from "../src/e2e/house.js";
import { clock, compareAll } from "../src/e2e/oracle.js";
import { makeRandom, type Random } from "../src/e2e/random.js";
import { addManySessions } from "../src/e2e/sessions.js";
import { readTarget } from "../src/e2e/target-contents.js";
import { furnishedHouse, readStatus, type Status, type Verification } from "./house-fixture.js";

const SEED = Number(process.env["REHOME_TEST_SEED"] ?? Date.now() % 1_000_000);
console.log(`REHOME_TEST_SEED=${SEED}`);

/** An application that still uses the source. */
interface Application {
  /** The ids of the sessions that it has logged out. */
  readonly deleted: ReadonlySet<string>;
  readonly stop: () => Promise<void>;
}

/**
 * Updates, inserts and deletes sessions without a pause. Rows grow and shrink, and the space of old ones is used again, so
 * that they move from page to page in both directions.
 */
async function startApplication(url: string, random: Random): Promise<Application> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ id: string }>("SELECT session_id AS id FROM user_sessions");
  const ids = rows.map(({ id }) => id);
  const deleted = new Set<string>();
  let going = true;

  async function change(turn: number): Promise<void> {
    const few = Array.from({ length: 5 }, () => random.pick(ids));
    await client.query(
      "UPDATE user_sessions SET user_agent = repeat('agent ', $2), last_activity_at = localtimestamp WHERE session_id = ANY ($1)",
      [few, random.between(0, 100)],
    );
    const id = `late-${turn}`;
    await client.query(
      "INSERT INTO user_sessions (session_id, user_id, expires_at) VALUES ($1, 1, localtimestamp(3) + interval '1 day')",
      [id],
    );
    ids.push(id);
    const [gone = ""] = ids.splice(random.between(0, ids.length - 1), 1);
    await client.query("DELETE FROM user_sessions WHERE session_id = $1", [gone]);
    deleted.add(gone);
    if (turn % 50 === 0) await client.query("VACUUM user_sessions");
  }
  async function work(): Promise<void> {
    for (let turn = 0; going; turn += 1) {
      await change(turn);
      await sleep(5);
    }
    await client.end();
  }
  const working = work();
  return {
    deleted,
    stop: async () => {
      going = false;
      await working;
    },
  };
}

describe("a run in physical order", () => {
  it("loses nothing though rows move between its chunks and workers are killed", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 3_000);
    // Room in every page, those that are read first among them.
    await house.source.query("DELETE FROM user_sessions WHERE session_id LIKE '%0'");
    await house.source.query("VACUUM user_sessions");
    const since = await clock(house.target);
    const application = await startApplication(house.urls["SOURCE_URL"] ?? "", makeRandom(SEED));
    onTestFinished(application.stop);
    const { run } = await house.rehomeJson<{ run: string }>(["start", "--chunk-size", "100"]);
    for (const point of ["after:load", "before:record"]) {
      const args = ["--concurrency", "1"];
      const doomed = await house.startWorker({ args, environment: failAt(point, "SIGKILL", 8) });
      expect(await doomed.ended(20_000), point).toMatchObject({ signal: "SIGKILL" });
    }
    const { done, waiting } = (await readStatus(house, run)).chunks;
    expect(Math.min(done, waiting)).toBeGreaterThan(5);
    // What it writes once the last chunk has looked is for the next run.
    await application.stop();
    await house.startWorker();
    const status = await until("the run has ended", async () => {
      const now = await readStatus(house, run);
      return now.phase !== "running" && now;
    });

    expect(status).toMatchObject({ phase: "completed", chunks: { failed: 0 } });
    expect(status.notice).toMatch(/^\d+ sessions were written to the source while the run went on/);
    const { examples, ...found } = await compareAll(house.source, house.target, { since });
    expect(found, examples.join("\n")).toMatchObject({ lost: 0, stale: 0, immortal: 0 });
    const { rows } = await house.source.query("SELECT session_id AS id FROM user_sessions");
    const live = new Set(rows.map(({ id }) => `session:${id}`));
    const left = [...(await readTarget(house.target)).keys()].filter((key) => !live.has(key));
    for (const key of left) expect(application.deleted).toContain(key.slice("session:".length));
    const verified = await house.rehomeJson<Verification>(["verify", "--sample", "5000"]);
    expect(verified).toMatchObject({ checked: live.size, matched: live.size, ok: true });
  });

  it("is stopped with a notice, and start exits with 1, where the table is rewritten meanwhile", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 1_500);
    await house.startWorker();
    const slow = ["--chunk-size", "100", "--max-rate", "500"];
    for (const rewrite of ["VACUUM FULL user_sessions", "TRUNCATE user_sessions CASCADE"]) {
      await house.target.flushall();
      const starting = house.rehome(["start", "--wait", "--json", ...slow]);
      await until("sessions are written", async () => (await house.target.dbsize()) > 1);
      await house.source.query(rewrite);
      const { code, stdout } = await starting;
      expect(code, rewrite).toBe(1);
      const { phase, chunks, notice } = JSON.parse(stdout) as Status;
      expect({ phase, failed: chunks.failed }).toEqual({ phase: "failed", failed: 0 });
      expect(notice).toMatch(
        /^stopped: source: the sessions' table was rewritten .*Start a new run/,
      );
    }
  });
});
