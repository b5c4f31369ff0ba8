import { enqueueChunks, jobId } from "@rehome/queue";
import request from "supertest";
import { describe, expect, it } from "vitest";
import { openDashboard, ORIGIN, signIn, startRun, user } from "./dashboard-fixture.js";

describe("Bull Board", () => {
  it("asks nothing from outside, and may stand in our frame alone", async () => {
    const { app } = await openDashboard();
    const page = await request(app).get("/queues").set("host", "localhost");
    expect(page.status).toBe(200);
    expect(page.text).toContain("__UI_CONFIG__");
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(page.headers["content-security-policy"]).toContain("frame-ancestors 'self'");
  });

  it("shows nothing of a job that someone else may have written", async () => {
    const { app, queue } = await openDashboard();
    const run = await startRun(queue);
    await enqueueChunks(queue, run, "copy", [0]);
    const ours = jobId(run, "copy", 0);
    const key = `{rehome}:chunks:${ours}`;
    await queue.redis.hset(key, {
      failedReason: "canary",
      stacktrace: '["canary"]',
      returnvalue: '{"canary":"canary","read":7}',
      progress: '"canary"',
      opts: JSON.stringify({ attempts: 3, canary: "canary" }),
      deferredFailure: "canary",
      pb: "canary",
      rjk: "canary",
    });
    const job = await queue.jobs.getJob(ours);
    await job?.log("canary");
    await queue.jobs.add("copy", { run: "canary" as never, chunk: 0 }, { jobId: "canary" });
    await queue.jobs.add("canary", { run, chunk: 1 }, { jobId: jobId(run, "copy", 1) });
    await queue.jobs.upsertJobScheduler("canary", { every: 3_600_000 }, { name: "canary" });

    const get = async (path: string) => {
      const response = await request(app).get(`/queues/api/${path}`).set("host", "localhost");
      return response;
    };
    const texts = [];
    for (const status of ["latest", "waiting", "delayed"])
      texts.push(
        (await get(`queues?activeQueue=chunks&status=${status}&page=1&jobsPerPage=50`)).text,
      );
    for (const path of [ours, `${ours}/logs`, `${ours}/flow`])
      texts.push((await get(`queues/chunks/${path}`)).text);
    texts.push((await get("job-schedulers")).text, (await get("queues/chunks/workers")).text);
    const all = texts.join("\n");
    expect(all).toContain(`"id":"${ours}"`);
    expect(all).toContain('"read":7');
    expect(all).toContain("a reason that is not shown here");
    expect(all).not.toContain("canary");
    expect((await get("queues/chunks/canary")).status).toBe(404);
  });

  it("changes nothing for a viewer, and for an operator only what may be done to a job", async () => {
    const users = [await user("ada", "operator"), await user("vic", "viewer")];
    const { app, queue } = await openDashboard({ users });
    const run = await startRun(queue);
    await enqueueChunks(queue, run, "copy", [0]);
    const job = jobId(run, "copy", 0);
    await queue.redis.zadd("{rehome}:chunks:delayed", 4e15, job);
    await queue.redis.lrem("{rehome}:chunks:wait", 0, job);
    const ask = async (
      name: string,
      method: "put" | "post" | "patch",
      path: string,
      token = true,
    ) => {
      const visit = await signIn(app, name);
      const headers = {
        origin: ORIGIN,
        cookie: visit.cookie,
        ...(token && { "x-xsrf-token": visit.token }),
      };
      const response = await request(app)
        [method](`/queues/api/queues/chunks/${path}`)
        .set(headers)
        .send({});
      return response.status;
    };
    for (const name of ["ada", "vic"]) {
      for (const path of ["pause", "obliterate", "empty", "concurrency", `${job}/clean`])
        expect([name, path, await ask(name, "put", path)]).toEqual([name, path, 405]);
      expect(await ask(name, "post", "add")).toBe(405);
      expect(await ask(name, "patch", `${job}/update-data`)).toBe(405);
    }
    expect(await ask("vic", "put", `${job}/promote`)).toBe(405);
    expect(await ask("ada", "put", `${job}/promote`, false)).toBe(403);
    expect(await queue.redis.llen("{rehome}:chunks:wait")).toBe(0);
    expect(await ask("ada", "put", `${job}/promote`)).toBe(204);
    expect(await queue.redis.llen("{rehome}:chunks:wait")).toBe(1);
  });
});
