import { zeroCounts } from "@rehome/core";
import { recordHeartbeat, failChunk, recordChunk, stageRejects } from "@rehome/queue";
import request from "supertest";
import { describe, expect, it } from "vitest";
import { openDashboard, startRun, user } from "./dashboard-fixture.js";

describe("metrics", () => {
  it("tell of the run and its surroundings, without any id", async () => {
    const { app, queue } = await openDashboard({ origin: null });
    const run = await startRun(queue, 4);
    await stageRejects(queue, run, 0, "a", [
      { id: "canary-id" as never, code: "too-large", message: "m" },
    ]);
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 10, migrated: 9, rejected: 1 });
    await failChunk(queue, run, 1, "canary");
    await recordHeartbeat(queue, {
      name: "host-1",
      host: "host",
      pid: 1,
      concurrency: 1,
      sessions: 0,
      sessionsPerSecond: 0,
      inHand: [],
      stopped: false,
    });
    const { text, status } = await request(app).get("/metrics").set("host", "localhost");
    expect(status).toBe(200);
    for (const line of [
      'rehome_run_phase{phase="running"} 1',
      'rehome_sessions{outcome="migrated"} 9',
      'rehome_sessions{outcome="rejected"} 1',
      "rehome_sessions_planned 40",
      'rehome_chunks{state="failed"} 1',
      'rehome_chunks{state="waiting"} 2',
      'rehome_rejects{code="too-large"} 1',
      'rehome_rejects{code="wrong-type"} 0',
      'rehome_workers{state="here"} 1',
    ])
      expect(text.split("\n")).toContain(line);
    expect(text).toMatch(/^rehome_lag_seconds \d+$/m);
    expect(text).not.toContain("canary");
    expect(text).not.toContain(run);
  });

  it("are for loopback alone where they have no token, and for whoever has it where they do", async () => {
    const local = await openDashboard({ users: [await user("ada", "viewer")], origin: null });
    expect((await request(local.app).get("/metrics").set("host", "evil.example")).status).toBe(403);
    expect((await request(local.app).get("/metrics").set("host", "127.0.0.1")).status).toBe(200);
    for (const name of ["forwarded", "x-forwarded-for", "via"]) {
      const asked = request(local.app).get("/metrics").set("host", "127.0.0.1");
      const { status, body } = await asked.set(name, "192.0.2.1");
      expect([name, status]).toEqual([name, 403]);
      expect(body).toMatchObject({
        error: { hint: expect.stringContaining("REHOME_DASHBOARD_METRICS_TOKEN") },
      });
    }
    const behind = await openDashboard({ users: [await user("ada", "viewer")] });
    expect((await request(behind.app).get("/metrics").set("host", "127.0.0.1")).status).toBe(403);
    const { app } = await openDashboard({ metricsToken: "s3cret" });
    const get = (token?: string) => {
      const asked = request(app).get("/metrics").set("host", "elsewhere.example");
      return token === undefined ? asked : asked.set("authorization", `Bearer ${token}`);
    };
    expect((await get()).status).toBe(403);
    expect((await get("wrong")).status).toBe(403);
    expect((await get("s3cret")).status).toBe(200);
    expect((await get("s3cret").set("x-forwarded-for", "192.0.2.1")).status).toBe(200);
    expect((await request(app).get("/metrics").set("host", "127.0.0.1")).status).toBe(403);
  });
});
