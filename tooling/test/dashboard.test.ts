import { describe, expect, it } from "vitest";
import { runProgram } from "../src/programs.js";
import { until } from "../src/e2e/house.js";
import { addManySessions } from "../src/e2e/sessions.js";
import { bareHouse, furnishedHouse, migrate, type Status } from "./house-fixture.js";

describe("the dashboard", () => {
  it("answers what the command line prints", async () => {
    const house = await furnishedHouse();
    const dashboard = await house.startDashboard();
    const get = async (path: string) => {
      const response = await fetch(new URL(path, dashboard.url));
      return { status: response.status, body: (await response.json()) as unknown };
    };
    expect(await get("api/runs")).toEqual({ status: 200, body: [] });
    await addManySessions(house.source, 500);
    await house.startWorker();
    const { run } = await migrate(house, "--chunk-size", "100");
    expect(await get("api/runs")).toEqual({
      status: 200,
      body: await house.rehomeJson<Status[]>(["runs"]),
    });
    expect(await get(`api/runs/${run}`)).toEqual({
      status: 200,
      body: await house.rehomeJson<Status>(["status"]),
    });
    expect(await get("api/runs/20260101-000000-aaaa")).toMatchObject({
      status: 404,
      body: { error: { code: "unknown-run" } },
    });
    expect(await get("api/elsewhere")).toMatchObject({ status: 404 });
    expect(await get("healthz")).toEqual({ status: 200, body: { ok: true } });
  });

  it("follows a run by server-sent events, and goes on after the last one a page has seen", async () => {
    const house = await furnishedHouse();
    const dashboard = await house.startDashboard();
    await addManySessions(house.source, 300);
    const worker = await house.startWorker();
    const { run, chunks } = await migrate(house, "--chunk-size", "100");
    const letters = "d".repeat(chunks.total);
    const first = await eventsOf(dashboard.url, `api/events?run=${run}`);
    expect(first.get("map")?.data).toEqual({ letters });
    expect(first.get("run")?.data).toMatchObject({ status: { run, phase: "completed" } });
    expect(first.get("overview")?.data).toMatchObject({
      runs: [{ run }],
      workers: [{ pid: worker.pid, gone: false, stopped: false }],
    });
    const mark = first.get("map")?.id ?? "";
    const again = await eventsOf(dashboard.url, `api/events?run=${run}`, { "last-event-id": mark });
    expect([...again.keys()]).not.toContain("map");
    await worker.stop();
    await until("the worker is told of as stopped, not as gone", async () => {
      const now = await eventsOf(dashboard.url, `api/events?run=${run}`);
      return JSON.stringify(now.get("overview")?.data).includes('"stopped":true');
    });
    const lost = await eventsOf(dashboard.url, `api/events?run=${run}`, { "last-event-id": "x.1" });
    expect(lost.get("map")?.data).toEqual({ letters });
  });

  it("hashes a password that it reads from stdin, and no other, for a name that a user can have", async () => {
    const args = ["hash-password", "--user", "ada", "--role", "operator"];
    const hashed = await runProgram("rehome-dashboard", args, {}, { input: "correct horse\n" });
    expect(hashed.code).toBe(0);
    expect(hashed.stdout).toMatch(/^ada:operator:\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(hashed.stdout + hashed.stderr).not.toContain("correct horse");
    const short = await runProgram("rehome-dashboard", args, {}, { input: "short" });
    expect([short.code, short.stdout]).toEqual([2, ""]);
    for (const name of ["a:b", "ada lovelace", "", "a".repeat(65)]) {
      const input = "correct horse\n";
      const named = await runProgram(
        "rehome-dashboard",
        ["hash-password", "--user", name],
        {},
        { input },
      );
      expect([name, named.code, named.stdout]).toEqual([name, 2, ""]);
      expect(named.stderr).toMatch(/^rehome-dashboard: a user's name must be 1 to 64/);
    }
    const flag = await runProgram("rehome-dashboard", [...args, "canary"], {}, { input: "" });
    expect(flag.code).toBe(2);
  });

  it("says so while its Redis is away, and comes back with it", async () => {
    const house = await furnishedHouse();
    const dashboard = await house.startDashboard();
    process.kill(house.servers.queue.pid, "SIGKILL");
    const sick = await fetch(new URL("healthz", dashboard.url));
    expect(sick.status).toBe(503);
    await house.servers.queue.restart();
    for (let i = 0; i < 100; i += 1) {
      if ((await fetch(new URL("healthz", dashboard.url))).status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("it did not come back");
  });

  it("ends, and says why, where its Redis is too full for it to start; what is there already is enough", async () => {
    const house = await furnishedHouse();
    await house.queue.config("SET", "maxmemory", "1");
    const { code, stderr } = await runProgram("rehome-dashboard", ["--port", "0"], house.urls);
    expect(code).toBe(1);
    expect(stderr).toMatch(/queue: the server is out of memory/);
    await house.queue.config("SET", "maxmemory", "0");
    await house.startDashboard();
    await house.queue.config("SET", "maxmemory", "1");
    await house.startDashboard();
  });

  it("listens on loopback only without users, and says how to have some", async () => {
    const house = await bareHouse();
    const { code, stderr } = await runProgram(
      "rehome-dashboard",
      ["--host", "0.0.0.0"],
      house.urls,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/0\.0\.0\.0 is not a loopback address.*hash-password.*ssh -L/);
  });
});

/** The first event of each kind until the first beat, by its kind. */
async function eventsOf(
  base: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Map<string, { id: string; data: unknown }>> {
  const response = await fetch(new URL(path, base), { headers });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    if (/event: beat\ndata: .*"ok":true.*\n\n/.test(text)) break;
  }
  const events = new Map<string, { id: string; data: unknown }>();
  for (const block of text.split("\n\n")) {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
    if (field("event") === "") continue;
    events.set(field("event"), { id: field("id"), data: JSON.parse(field("data")) });
  }
  return events;
}
