import { readStatus } from "@rehome/queue";
import request from "supertest";
import { describe, expect, it } from "vitest";
import { openDashboard, ORIGIN, startRun } from "./dashboard-fixture.js";

const HOST = "127.0.0.1";

describe("the API", () => {
  it("gives the status document, and nothing that is secret", async () => {
    const { app, queue } = await openDashboard();
    const id = await startRun(queue);
    const run = await request(app).get(`/api/runs/${id}`).set("host", HOST);
    expect(run.status).toBe(200);
    const { sessionsPerSecond: _, ...expected } = await readStatus(queue, id);
    expect(run.body).toMatchObject(expected);
    const runs = await request(app).get("/api/runs").set("host", HOST);
    expect(runs.body).toHaveLength(1);
    expect(run.text + runs.text).not.toContain("canary");
    expect(run.headers["cache-control"]).toBe("no-store");
  });

  it("answers what it does not know in a way that programs and people can read", async () => {
    const { app } = await openDashboard();
    const unknown = await request(app).get("/api/runs/canary").set("host", HOST);
    expect(unknown.status).toBe(404);
    expect(unknown.body).toEqual({
      error: {
        code: "unknown-run",
        message: "that is not a run's id",
        hint: "List the runs with: rehome runs",
      },
    });
  });

  it("logs what it did not expect, once, and gives nothing of it away", async () => {
    const { app, queue, logged } = await openDashboard();
    const id = await startRun(queue);
    await queue.redis.hset(`{rehome}:run:${id}`, "frozen", '"canary');
    const { body } = await request(app).get("/api/me").set("host", HOST);
    const answered = await request(app)
      .post(`/api/runs/${id}/resume`)
      .set({ host: HOST, origin: ORIGIN, "x-xsrf-token": body.me.token })
      .send({});
    expect(answered.status).toBe(500);
    expect(answered.body).toMatchObject({ error: { message: "unexpected error" } });
    expect(logged.join("")).toMatch(/"msg":"unexpected error"/);
    expect(logged.join("")).toMatch(/at .*run-record/);
    expect(logged.join("") + answered.text).not.toContain("canary");
    const unread = await request(app)
      .post("/api/login")
      .set({ host: HOST, origin: ORIGIN, "content-type": "application/json" })
      .send("{");
    expect(unread.status).toBe(400);
  });

  it("sends the usual headers with every answer, and lets nothing inline into the page", async () => {
    const { app } = await openDashboard();
    for (const path of ["/", "/api/runs", "/queues", "/nowhere", "/healthz", "/metrics"]) {
      const { headers } = await request(app).get(path).set("host", HOST);
      const policy = headers["content-security-policy"] ?? "";
      expect(policy, path).toContain("default-src 'none'");
      expect(policy, path).toContain("script-src 'self'");
      expect(policy, path).not.toMatch(/https?:|\*|unsafe-eval/);
      if (path !== "/queues") expect(policy, path).not.toContain("unsafe-inline");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["referrer-policy"]).toBe("no-referrer");
      expect(headers["x-frame-options"]).toBe(path === "/queues" ? "SAMEORIGIN" : "DENY");
      expect(headers["permissions-policy"]).toContain("camera=()");
      expect(headers["x-powered-by"]).toBeUndefined();
    }
  });

  it("asks for TLS to stay only where an https origin is configured", async () => {
    const strict = "strict-transport-security";
    const { app } = await openDashboard();
    expect((await request(app).get("/healthz")).headers[strict]).toBeUndefined();
    const behind = await openDashboard({ origin: "https://rehome.example" });
    expect((await request(behind.app).get("/healthz")).headers[strict]).toMatch(/max-age=31536000/);
  });
});

describe("health", () => {
  it("asks a queue Redis that hangs once for all who ask, and answers each of them in time", async () => {
    const { app, queue } = await openDashboard();
    await queue.redis.config("RESETSTAT");
    await queue.redis.client("PAUSE", 5_000, "ALL");
    const begun = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => request(app).get("/healthz")),
    );
    expect(performance.now() - begun).toBeLessThan(4_500);
    for (const { status, body } of answers) {
      expect(status).toBe(503);
      expect(body).toMatchObject({ error: { code: "queue-silent" } });
    }
    // Answered once the server goes on, after whatever waits before it.
    expect(await queue.redis.info("commandstats")).toMatch(/^cmdstat_ping:calls=1,/m);
    expect((await request(app).get("/healthz")).body).toEqual({ ok: true });
  });
});

describe("the page", () => {
  it("is kept by browsers only as long as it is the same", async () => {
    const { app } = await openDashboard();
    const page = await request(app).get("/").set("host", HOST);
    expect(page.headers["cache-control"]).toBe("no-cache");
    const [, script] = /src="(\/assets\/[^"]+\.js)"/.exec(page.text) ?? [];
    const asset = await request(app)
      .get(script ?? "")
      .set("host", HOST);
    expect(asset.headers["cache-control"]).toContain("immutable");
  });

  it("names nothing outside, and takes less than 120 KB on its way", async () => {
    const { app } = await openDashboard();
    const { gzipSync } = await import("node:zlib");
    const page = await request(app).get("/").set("host", HOST);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");
    expect(parts.length).toBeGreaterThanOrEqual(3);
    let bytes = gzipSync(page.text).length;
    for (const part of parts) {
      expect(part).toMatch(/^\/[^/]/);
      const { text, body } = await request(app).get(part).set("host", HOST);
      bytes += gzipSync(text ?? (body as Buffer)).length;
    }
    expect(bytes).toBeLessThan(120_000);
  });
});
