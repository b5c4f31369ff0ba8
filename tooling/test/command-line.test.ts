import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { once } from "node:events";
import { promisify } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { until } from "../src/e2e/house.js";
import { addManySessions, addSession } from "../src/e2e/sessions.js";
import { spawnRehome } from "../src/programs.js";
import {
  bareHouse,
  furnishedHouse,
  liftRate,
  migrate,
  type Status,
  untilEnded,
} from "./house-fixture.js";

const REHOME = fileURLToPath(new URL("../../node_modules/.bin/rehome", import.meta.url));
const VERBS = [
  "seed",
  "plan",
  "start",
  "status",
  "runs",
  "rejects",
  "verify",
  "pause",
  "resume",
  "cancel",
  "config",
  "stores",
  "init",
  "retry",
  "forget",
];

describe("the command line", () => {
  it("has help with examples on every verb", async () => {
    const house = await bareHouse();
    const { stdout } = await house.rehome(["--help"]);
    for (const verb of VERBS) {
      expect(stdout).toMatch(new RegExp(`^  ${verb} `, "m"));
      const help = await house.rehome([verb, "--help"]);
      expect(help).toMatchObject({ code: 0, stderr: "" });
      expect(help.stdout).toMatch(new RegExp(`Examples:\\n  rehome ${verb}`));
      expect(help.stdout).toContain("--json");
    }
  });

  it("completes verbs, options and their choices, in bash, zsh and fish", async () => {
    const house = await bareHouse();
    const complete = async (...words: string[]) =>
      (await house.rehome(["complete", "--", ...words])).stdout;
    expect(await complete("sta")).toMatch(/^start\t.*\nstatus\t/);
    expect(await complete("start", "--on-conflict", "")).toMatch(/newer\t\nreplace\t\nkeep\t/);
    expect(await complete("start", "--max")).toMatch(/--max-rate[\s\S]*--max-rejects/);
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await house.rehome(["completion", shell]);
      expect(code).toBe(0);
      expect(stdout).toContain("rehome");
    }
    const { stdout: script } = await house.rehome(["completion", "bash"]);
    expect(spawnSync("bash", ["-n"], { input: script }).status).toBe(0);
    expect((await house.rehome(["completion", "tcsh"])).code).toBe(2);
  });

  it("writes data to stdout and all else to stderr, no colour and no animation off a terminal", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 200);
    await addSession(house.source, { id: "collides", attributes: { email: "x" } });
    await house.startWorker();
    const normal = await house.rehome(["start", "--wait", "--json"], { FORCE_COLOR: "" });
    expect(normal.code).toBe(3);
    expect(JSON.parse(normal.stdout)).toMatchObject({ phase: "completed" });
    expect(normal.stderr).toMatch(/completed: 201 of 201 sessions/);
    expect(normal.stdout + normal.stderr).not.toContain("\u001b");

    const quiet = await house.rehome(["start", "--wait", "--json", "--quiet"]);
    expect(quiet).toMatchObject({ code: 3, stderr: "" });
    const verbose = await house.rehome(["start", "--wait", "--verbose"]);
    expect(verbose.stderr).toMatch(/source: PostgreSQL \d+.*store reference, times in/);
    const both = await house.rehome(["status"], { FORCE_COLOR: "1", NO_COLOR: "1" });
    expect(both.stdout).not.toContain("\u001b");
  });

  it("writes what it says on stderr to LOG_FILE as well, as worker and dashboard do, for its owner alone", async () => {
    const house = await furnishedHouse();
    const folder = await mkdtemp(join(tmpdir(), "rehome-log-"));
    try {
      const files = ["cli", "worker", "dashboard"].map((name) => join(folder, `${name}.log`)) as [
        string,
        string,
        string,
      ];
      await house.startWorker({ environment: { LOG_FILE: files[1] } });
      await house.startDashboard({ LOG_FILE: files[2] });
      await house.rehome(["start", "--wait", "--quiet"], { LOG_FILE: files[0] });
      await house.rehome(["status", "20200101-000000-aaaa"], { LOG_FILE: files[0] });
      const [cli, worker] = [await readFile(files[0], "utf8"), await readFile(files[1], "utf8")];
      expect(cli).toMatch(/^\S+Z completed: 0 of 0 sessions/m);
      expect(cli).toMatch(/^\S+Z rehome: there is no run 20200101-000000-aaaa/m);
      expect(worker).toContain('"msg":"worker ready"');
      expect(await readFile(files[2], "utf8")).toContain('"msg":"dashboard ready"');
      for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600);
      const refused = await house.rehome(["runs"], { LOG_FILE: join(folder, "nowhere", "log") });
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toMatch(/^rehome: LOG_FILE cannot be written \(ENOENT\)/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("takes a broken pipe for no error", async () => {
    const house = await furnishedHouse();
    for (let i = 0; i < 40; i += 1)
      await addSession(house.source, { id: `s${i}`, attributes: { email: "x" } });
    await house.startWorker();
    await migrate(house);
    const piped = `${REHOME} rejects | head -n 1`;
    // Not synchronously: what it connects to passes through this process.
    const { stdout } = await promisify(execFile)("bash", ["-o", "pipefail", "-c", piped], {
      env: { ...process.env, ...house.urls },
    });
    expect(stdout).toBe("field-collision: 40\n");
  });

  it("tells by its exit code how a run has ended", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 50);
    await house.startWorker();
    expect((await house.rehome(["start", "--wait"])).code).toBe(0);
    await addSession(house.source, { id: "collides", attributes: { email: "x" } });
    expect((await house.rehome(["start", "--wait"])).code).toBe(3);
    expect((await house.rehome(["start", "--wait", "--max-rejects", "0"])).code).toBe(1);
    expect((await house.rehomeJson<Status>(["status"])).notice).toMatch(
      /1 sessions were rejected, more than the 0 allowed/,
    );
    expect((await house.rehome(["start", "--wat"])).code).toBe(2);
  });
});

describe("Ctrl-C", () => {
  it("once leaves the run to its workers, and says how to watch it", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 4_000);
    await house.startWorker();
    const waiting = spawnRehome(
      ["start", "--wait", "--max-rate", "500", "--chunk-size", "500"],
      house.urls,
    );
    await until("sessions are written", async () => (await house.target.dbsize()) > 100);
    waiting.kill("SIGINT");
    const [code] = (await once(waiting, "exit")) as [number | null];
    expect(code).toBe(130);
    const status = await house.rehomeJson<Status>(["status"]);
    expect(status).toMatchObject({ phase: "running" });
    await liftRate(house);
    expect(await untilEnded(house)).toMatchObject({ phase: "completed" });
  });

  it("twice ends it at once, and the plan can be gone on with", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 5_000);
    const waiting = spawnRehome(
      ["start", "--wait", "--chunk-size", "1", "--order", "id"],
      house.urls,
    );
    const exited = once(waiting, "exit");
    await until(
      "the plan has begun",
      async () => (await house.queue.keys("{rehome}:run:*:bounds")).length > 0,
    );
    waiting.kill("SIGINT");
    await sleep(100);
    expect(waiting.exitCode).toBeNull();
    waiting.kill("SIGINT");
    expect(await exited).toEqual([130, null]);
    const { phase, chunks } = await house.rehomeJson<Status>(["status"]);
    expect(phase).toBe("planning");
    expect(chunks.total).toBeLessThan(5_000);
    expect(await house.rehomeJson<Status>(["resume"])).toMatchObject({
      phase: "running",
      chunks: { total: 5_000 },
    });
  });
});
