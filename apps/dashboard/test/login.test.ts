import { failChunk, readRun, recordChunk, finalizeRun } from "@rehome/queue";
import { zeroCounts } from "@rehome/core";
import type { Express } from "express";
import { get, type IncomingMessage } from "node:http";
import request from "supertest";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it, vi } from "vitest";
import {
  cookieOf,
  type Dashboard,
  openDashboard,
  ORIGIN,
  PASSWORD,
  signIn,
  stageOne,
  startRun,
  user,
  type Visit,
} from "./dashboard-fixture.js";

const PRIVATE = [
  "/api/runs",
  "/api/runs/20260101-000000-aaaa",
  "/api/runs/20260101-000000-aaaa/chunks/0",
  "/api/events",
  "/queues",
  "/queues/api/queues",
  "/queues/static/images/logo.svg",
];

async function withUsers(): Promise<Dashboard> {
  return await openDashboard({
    users: [await user("ada", "operator"), await user("vic", "viewer")],
  });
}

/** A pause as the page would ask for it, but for what the test changes. */
function pause(
  dashboard: Dashboard,
  run: string,
  visit: Partial<Visit>,
  headers: Record<string, string | undefined> = {},
) {
  const all: Record<string, string | undefined> = {
    origin: ORIGIN,
    cookie: visit.cookie,
    "x-xsrf-token": visit.token,
    ...headers,
  };
  let asked = request(dashboard.app).post(`/api/runs/${run}/pause`);
  for (const [name, value] of Object.entries(all))
    if (value !== undefined) asked = asked.set(name, value);
  return asked.send({});
}

describe("without a login", () => {
  it("nothing is shown but the page to sign in on, and health", async () => {
    const { app } = await withUsers();
    for (const path of PRIVATE) {
      const { status, body } = await request(app).get(path);
      expect([path, status]).toEqual([path, 401]);
      expect(body).toMatchObject({ error: { code: "not-signed-in" } });
    }
    const followed = await request(app).get("/queues/").set("sec-fetch-mode", "navigate");
    expect([followed.status, followed.headers["location"]]).toEqual([302, "/#/jobs"]);
    expect((await request(app).get("/api/me")).body).toEqual({ me: null });
    expect((await request(app).get("/")).text).toContain("<title>Rehome");
    expect((await request(app).get("/healthz")).body).toEqual({ ok: true });
  });
});

describe("signing in", () => {
  it("gives a cookie that scripts cannot read and other sites cannot send", async () => {
    const { app } = await withUsers();
    const { cookie } = await signIn(app, "ada");
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Strict/);
    expect(cookie).not.toMatch(/; Secure/);
    const { body } = await request(app).get("/api/me").set("cookie", cookie);
    expect(body).toMatchObject({ me: { name: "ada", role: "operator", canSignOut: true } });
  });

  it("gives a cookie for TLS alone where an https origin is configured", async () => {
    const { app } = await openDashboard({
      users: [await user("ada", "viewer")],
      origin: "https://r.example",
    });
    const response = await request(app)
      .post("/api/login")
      .set("origin", "https://r.example")
      .send({ name: "ada", password: PASSWORD });
    expect(cookieOf(response)).toMatch(/; Secure/);
  });

  it("is logged, refused or not, with no name but a user's", async () => {
    const { app, logged } = await withUsers();
    for (const body of [
      { name: "canary", password: PASSWORD },
      { name: "ada", password: "canary" },
      { name: "ada", password: PASSWORD },
    ])
      await request(app).post("/api/login").set("origin", ORIGIN).send(body);
    const said = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(said.map(({ msg, who }) => [msg, who])).toEqual([
      ["sign-in refused", "unknown"],
      ["sign-in refused", "ada"],
      ["signed in", "ada"],
    ]);
    expect(logged.join("")).not.toContain("canary");
  });

  it("is refused alike for a wrong name and a wrong password, and quotes neither", async () => {
    const { app } = await withUsers();
    const answers = [];
    for (const body of [
      { name: "canary", password: PASSWORD },
      { name: "ada", password: "canary" },
      { name: "ada" },
      { name: ["ada"], password: PASSWORD },
      { name: "__proto__", password: PASSWORD },
    ]) {
      const response = await request(app).post("/api/login").set("origin", ORIGIN).send(body);
      expect(cookieOf(response)).toBe("");
      answers.push([response.status, response.text]);
    }
    expect(new Set(answers.map(String)).size).toBe(1);
    expect(answers[0]?.[0]).toBe(401);
  });

  /** Signs in as the proxy of this machine would pass it on. */
  const tryFrom = (app: Express, address: string, name: string, password: string) =>
    request(app)
      .post("/api/login")
      .set({ origin: ORIGIN, "x-forwarded-for": address })
      .send({ name, password });

  it("is limited to so many wrong attempts a name from one address, and locks that name out nowhere else", async () => {
    const { app } = await withUsers();
    for (let i = 0; i < 10; i += 1)
      expect((await tryFrom(app, "192.0.2.1", "ada", "wrong guess")).status).toBe(401);
    expect((await tryFrom(app, "192.0.2.1", "ada", PASSWORD)).status).toBe(429);
    expect((await tryFrom(app, "192.0.2.1", "vic", PASSWORD)).status).toBe(200);
    expect((await tryFrom(app, "192.0.2.2", "ada", PASSWORD)).status).toBe(200);
  });

  it("is limited to so many wrong attempts a name from anywhere, but for an address that was used before", async () => {
    const { app } = await withUsers();
    expect((await tryFrom(app, "192.0.2.100", "ada", PASSWORD)).status).toBe(200);
    for (let i = 0; i < 60; i += 1) {
      const { status } = await tryFrom(app, `192.0.2.${Math.floor(i / 10)}`, "ada", "wrong guess");
      expect(status).toBe(401);
    }
    expect((await tryFrom(app, "192.0.2.99", "ada", PASSWORD)).status).toBe(429);
    expect((await tryFrom(app, "192.0.2.99", "vic", PASSWORD)).status).toBe(200);
    expect((await tryFrom(app, "192.0.2.100", "ada", PASSWORD)).status).toBe(200);
    expect((await tryFrom(app, "192.0.2.100", "ada", "wrong guess")).status).toBe(401);
  });

  it("takes no address from a header that no trusted proxy sent", async () => {
    const users = [await user("ada", "operator")];
    const { app } = await openDashboard({ users, proxies: "192.0.2.1" });
    for (let i = 0; i < 10; i += 1)
      expect((await tryFrom(app, `198.51.100.${i}`, "ada", "wrong guess")).status).toBe(401);
    expect((await tryFrom(app, "198.51.100.99", "ada", PASSWORD)).status).toBe(429);
  });

  it.each([
    ["behind a proxy, as the proxy saw it", ORIGIN, 200],
    ["without one, as it is", null, 429],
  ])("is limited to so many wrong attempts an address: %s", async (_, origin, other) => {
    const { app } = await openDashboard({ origin, users: [await user("ada", "operator")] });
    const attempt = (from: string, name: string, password: string) =>
      request(app)
        .post("/api/login")
        .set({ origin: origin ?? "http://127.0.0.1", host: "127.0.0.1" })
        .set("x-forwarded-for", `203.0.113.1, ${from}`)
        .send({ name, password });
    for (let i = 0; i < 50; i += 1)
      expect((await attempt("198.51.100.1", `nobody-${i}`, "wrong")).status).toBe(401);
    expect((await attempt("198.51.100.1", "ada", PASSWORD)).status).toBe(429);
    expect((await attempt("198.51.100.2", "ada", PASSWORD)).status).toBe(other);
  });

  it("is refused from another origin", async () => {
    const { app } = await withUsers();
    const { status } = await request(app)
      .post("/api/login")
      .set("origin", "https://evil.example")
      .send({ name: "ada", password: PASSWORD });
    expect(status).toBe(403);
  });
});

describe("a cookie", () => {
  it("is worth nothing once its user has signed out", async () => {
    const dashboard = await withUsers();
    const { cookie, token } = await signIn(dashboard.app, "ada");
    const out = await request(dashboard.app)
      .post("/api/logout")
      .set({ origin: ORIGIN, cookie, "x-xsrf-token": token });
    expect(out.status).toBe(200);
    expect((await request(dashboard.app).get("/api/runs").set("cookie", cookie)).status).toBe(401);
  });

  it("is worth nothing once it has expired, was altered, or was signed with another secret", async () => {
    const expired = await openDashboard({ users: [await user("ada", "operator")], hours: 0 });
    const { cookie } = await signIn(expired.app, "ada");
    expect((await request(expired.app).get("/api/runs").set("cookie", cookie)).status).toBe(401);

    const dashboard = await withUsers();
    const visit = await signIn(dashboard.app, "vic");
    const value = decodeURIComponent(/^rehome=([^;]+)/.exec(visit.cookie)?.[1] ?? "");
    const [payload = "", signature = ""] = value.slice(2).split(".");
    const said = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...said, name: "ada" })).toString("base64url");
    for (const bad of [`s:${forged}.${signature}`, forged, `s:${payload}.x`, `j:${payload}`]) {
      const sent = `rehome=${encodeURIComponent(bad)}`;
      expect((await request(dashboard.app).get("/api/runs").set("cookie", sent)).status).toBe(401);
    }
    const other = await withUsers();
    expect((await request(other.app).get("/api/runs").set("cookie", visit.cookie)).status).toBe(
      401,
    );
  });
});

describe("what is streamed", () => {
  it("ends with the login of whoever looks", async () => {
    const { app } = await withUsers();
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { cookie, token } = await signIn(app, "vic");
    const sent = cookie.split(";")[0] ?? "";
    const stream = await fetch(`http://127.0.0.1:${port}/api/events`, {
      headers: { cookie: sent },
    });
    let text = "";
    for await (const piece of stream.body ?? []) {
      text += Buffer.from(piece as Uint8Array).toString();
      if (text.includes("event: beat") && !text.includes("event: signed-out"))
        await request(app)
          .post("/api/logout")
          .set({ origin: ORIGIN, cookie, "x-xsrf-token": token });
    }
    expect(text.trimEnd()).toMatch(/event: signed-out\ndata: \{\}$/);
    server.close();
  });
});

describe("a change", () => {
  it("is an operator's, from our page, with its token", async () => {
    const dashboard = await withUsers();
    const run = await startRun(dashboard.queue);
    const ada = await signIn(dashboard.app, "ada");
    const vic = await signIn(dashboard.app, "vic");
    const refusals = [
      ["no cookie", pause(dashboard, run, { token: ada.token }), 401],
      ["a viewer", pause(dashboard, run, vic), 403],
      [
        "a viewer with an operator's token",
        pause(dashboard, run, { ...vic, token: ada.token }),
        403,
      ],
      ["no token", pause(dashboard, run, { cookie: ada.cookie }), 403],
      ["a wrong token", pause(dashboard, run, { ...ada, token: "x".repeat(64) }), 403],
      ["another's token", pause(dashboard, run, { ...ada, token: vic.token }), 403],
      ["no origin", pause(dashboard, run, ada, { origin: undefined }), 403],
      ["another origin", pause(dashboard, run, ada, { origin: "http://evil.example" }), 403],
      ["no origin to speak of", pause(dashboard, run, ada, { origin: "null" }), 403],
      ["another site", pause(dashboard, run, ada, { "sec-fetch-site": "cross-site" }), 403],
    ] as const;
    for (const [what, asked, status] of refusals)
      expect([what, (await asked).status]).toEqual([what, status]);
    expect((await readRun(dashboard.queue, run)).phase).toBe("running");

    const done = await pause(dashboard, run, ada);
    expect([done.status, done.body]).toEqual([200, { did: "paused: no new batch starts" }]);
    expect((await readRun(dashboard.queue, run)).phase).toBe("paused");
  });

  it("is logged and kept with who asked for it, refused or not", async () => {
    const dashboard = await withUsers();
    const run = await startRun(dashboard.queue);
    const ada = await signIn(dashboard.app, "ada");
    await pause(dashboard, run, ada);
    expect((await pause(dashboard, run, ada)).status).toBe(409);
    await dashboard.watch.lookNow();
    expect(dashboard.watch.overview()?.actions).toMatchObject([
      { who: "ada", what: "pause", run, ok: false },
      { who: "ada", what: "pause", run, ok: true, outcome: "paused: no new batch starts" },
    ]);
    expect(dashboard.logged.filter((line) => line.includes('"msg":"operator"'))).toHaveLength(2);
  });

  it("that was made is not called refused where the audit log cannot be written", async () => {
    const dashboard = await withUsers();
    const run = await startRun(dashboard.queue);
    // What the audit log asks for first.
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    vi.spyOn(dashboard.queue.redis, "time").mockRejectedValueOnce(reset);
    const made = await pause(dashboard, run, await signIn(dashboard.app, "ada"));
    expect([made.status, made.body]).toEqual([200, { did: "paused: no new batch starts" }]);
    const said = dashboard.logged.join("");
    expect(said).toMatch(/the audit log misses this/);
    expect(said).not.toMatch(/"ok":false/);
  });

  it("is what its verb takes, and nothing else", async () => {
    const dashboard = await withUsers();
    const run = await startRun(dashboard.queue, 1);
    const { cookie, token } = await signIn(dashboard.app, "ada");
    const ask = async (verb: string, body: object) => {
      const headers = { origin: ORIGIN, cookie, "x-xsrf-token": token };
      const path = `/api/runs/${run}/${verb}`;
      const response = await request(dashboard.app).post(path).set(headers).send(body);
      return [response.status, response.body] as const;
    };
    expect((await ask("rate", { maxRate: 0 }))[0]).toBe(400);
    expect((await ask("rate", { maxRate: "canary" }))[0]).toBe(400);
    expect((await ask("constructor", {}))[0]).toBe(400);
    expect(await ask("rate", { maxRate: 1_000 })).toEqual([
      200,
      { did: "at most 1,000 sessions a second now" },
    ]);
    expect((await ask("verify", { mode: "sample" }))[0]).toBe(409);
    await stageOne(dashboard.queue, run, 0, "a");
    await recordChunk(dashboard.queue, run, 0, "a", { ...zeroCounts(), read: 10, rejected: 2 });
    expect((await ask("cancel", {}))[0]).toBe(200);
    expect((await ask("verify", { mode: "sample", sample: 5 }))[1]).toEqual({
      did: "verifying a sample of 5 sessions",
    });
    expect((await ask("retry", { scope: "rejects" }))[0]).toBe(409);
  });
});

describe("a retry", () => {
  it("takes what it is asked to, and says how much that is", async () => {
    const { app, queue } = await withUsers();
    const run = await startRun(queue, 3);
    await stageOne(queue, run, 0, "a");
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 10, rejected: 2 });
    await failChunk(queue, run, 1, "broken");
    await failChunk(queue, run, 2, "broken");
    await finalizeRun(queue, run);
    const { cookie, token } = await signIn(app, "ada");
    const retry = (scope: string) =>
      request(app)
        .post(`/api/runs/${run}/retry`)
        .set({ origin: ORIGIN, cookie, "x-xsrf-token": token })
        .send({ scope });
    expect((await retry("everything")).status).toBe(400);
    expect((await retry("failed")).body).toEqual({ did: "retrying what failed in 2 chunks" });
    for (const chunk of [1, 2])
      await recordChunk(queue, run, chunk, "b", { ...zeroCounts(), read: 10, migrated: 10 });
    await finalizeRun(queue, run);
    expect((await retry("rejects")).body).toEqual({
      did: "retrying the rejected sessions in 1 chunk",
    });
  });
});

describe("without any user", () => {
  it("whoever reaches loopback is an operator, but no page from elsewhere", async () => {
    const dashboard = await openDashboard({ origin: null });
    const run = await startRun(dashboard.queue);
    const host = "127.0.0.1:3000";
    const { body } = await request(dashboard.app).get("/api/me").set("host", host);
    const { me } = body as { me: { token: string } };
    expect(me).toMatchObject({ name: "local", role: "operator", canSignOut: false });
    const origin = `http://${host}`;
    // A name of someone else's that leads to loopback.
    for (const rebound of [
      "evil.example",
      "evil.example:3000",
      "127.0.0.1.evil.example",
      "evil@127.0.0.1",
      "127.0.0.1@evil.example",
      "127.0.0.1/evil.example",
      "127.0.0.1:3000#evil.example",
      "192.0.2.1",
    ])
      for (const path of ["/api/me", "/api/runs", "/queues", "/"])
        expect((await request(dashboard.app).get(path).set("host", rebound)).status).toBe(421);
    const other = { host, origin: "http://evil.example" };
    expect((await pause(dashboard, run, me, other)).status).toBe(403);
    expect((await pause(dashboard, run, {}, { host, origin })).status).toBe(403);
    expect((await pause(dashboard, run, me, { host, origin })).status).toBe(200);
  });

  it("nobody is heard who names loopback in the header and another host in the request line", async () => {
    const { app } = await openDashboard({ origin: null });
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const statusOf = async (path: string) => {
      const asked = get({ port, host: "127.0.0.1", path, headers: { host: `127.0.0.1:${port}` } });
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    expect(await statusOf("/api/me")).toBe(200);
    for (const path of ["http://evil.example/api/me", `http://127.0.0.1:${port}/api/me`])
      expect([path, await statusOf(path)]).toEqual([path, 421]);
    server.close();
  });

  it("nobody whom a proxy lets in is an operator, though it names loopback; with users it may be there", async () => {
    const dashboard = await openDashboard({ origin: null });
    const run = await startRun(dashboard.queue);
    const host = "127.0.0.1:3000";
    const { body } = await request(dashboard.app).get("/api/me").set("host", host);
    const { me } = body as { me: { token: string } };
    const { app } = await withUsers();
    for (const [name, value] of [
      ["forwarded", "for=192.0.2.1"],
      ["x-forwarded-for", "192.0.2.1"],
      ["X-Forwarded-Host", "rehome.example"],
      ["x-forwarded-proto", ""],
      ["via", "1.1 proxy"],
      ["X-Real-IP", "192.0.2.1"],
      ["CF-Connecting-IP", "192.0.2.1"],
      ["True-Client-IP", "192.0.2.1"],
      ["X-Client-IP", "192.0.2.1"],
      ["X-Original-Host", "rehome.example"],
    ] as const) {
      for (const path of ["/", "/api/me", "/api/runs", "/queues"]) {
        const asked = request(dashboard.app).get(path).set("host", host);
        const refused = await asked.set(name, value);
        expect([name, path, refused.status]).toEqual([name, path, 403]);
        expect(refused.body).toMatchObject({
          error: { code: "proxied", hint: expect.stringContaining("REHOME_DASHBOARD_USERS") },
        });
      }
      const headers = { host, origin: `http://${host}`, [name]: value };
      expect((await pause(dashboard, run, me, headers)).status).toBe(403);
      expect((await request(app).get("/api/me").set(name, value)).status).toBe(200);
    }
  });
});
