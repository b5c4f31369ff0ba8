import { describe, expect, it } from "vitest";
import { runProgram } from "../src/programs.js";
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

  it("shows Bull Board to look at only, and lets its page ask nothing from outside", async () => {
    const house = await furnishedHouse();
    const dashboard = await house.startDashboard();
    await addManySessions(house.source, 10);
    const { run } = await house.rehomeJson<{ run: string }>(["start"]);
    const page = await fetch(new URL("queues", dashboard.url));
    expect(page.status).toBe(200);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    const jobs = await fetch(
      new URL("queues/api/queues?activeQueue=chunks&status=waiting&page=1", dashboard.url),
    );
    expect(await jobs.text()).toContain(`${run}-copy-0`);
    for (const [method, path] of [
      ["PUT", `queues/api/queues/chunks/${run}-copy-0/clean`],
      ["PUT", "queues/api/queues/chunks/pause"],
      ["PUT", "queues/api/queues/chunks/obliterate"],
      ["POST", "queues/api/queues/chunks/add"],
      ["PATCH", `queues/api/queues/chunks/${run}-copy-0/update-data`],
    ] as const) {
      const response = await fetch(new URL(path, dashboard.url), {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "copy", jobData: {}, data: {} }),
      });
      expect([404, 405], `${method} ${path}`).toContain(response.status);
    }
    expect(await house.queue.llen("{rehome}:chunks:wait")).toBe(1);
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

  it("listens on loopback only, and says how to reach it from elsewhere", async () => {
    const house = await bareHouse();
    const { code, stderr } = await runProgram(
      "rehome-dashboard",
      ["--host", "0.0.0.0"],
      house.urls,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/0\.0\.0\.0 is not a loopback address.*ssh -L/);
  });
});
