import { defaultMapping, type RunId, type SessionId } from "@rehome/core";
import {
  createRun,
  openQueue,
  type QueueConnection,
  readStatus,
  recordBounds,
} from "@rehome/queue";
import request from "supertest";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { makeApp } from "../src/app.js";

const RUN = "20260101-000000-aaaa" as RunId;

let queue: QueueConnection;

beforeEach(async () => {
  queue = await openQueue(new URL(inject("redisUrl")));
  await queue.redis.flushall();
});

afterEach(() => queue.close());

async function startRun(): Promise<void> {
  const target = { token: "canary-token", runId: "r", address: "a" };
  const frozen = {
    mapping: defaultMapping,
    conflict: "newer",
    chunkSize: 10,
    timeZone: "UTC",
    source: "s",
  } as const;
  const secrets = { target, fingerprintKey: "canary-key" };
  await createRun(queue, RUN, { ...frozen, ...secrets }, { maxRate: null, maxRejects: null });
  await recordBounds(queue, RUN, 0, 10, ["canary-bound" as SessionId]);
}

describe("the API", () => {
  it("gives the status document, and nothing that is secret", async () => {
    await startRun();
    const app = makeApp(queue);
    const run = await request(app).get(`/api/runs/${RUN}`);
    expect(run.status).toBe(200);
    const { sessionsPerSecond: _, ...expected } = await readStatus(queue, RUN);
    expect(run.body).toMatchObject(expected);
    const runs = await request(app).get("/api/runs");
    expect(runs.body).toHaveLength(1);
    expect(run.text + runs.text).not.toContain("canary");
    expect(run.headers["cache-control"]).toBe("no-store");
  });

  it("answers what it does not know in a way that programs and people can read", async () => {
    const unknown = await request(makeApp(queue)).get("/api/runs/canary");
    expect(unknown.status).toBe(404);
    expect(unknown.body).toEqual({
      error: {
        code: "unknown-run",
        message: "that is not a run's id",
        hint: "List the runs with: rehome runs",
      },
    });
  });

  it("sends the usual headers with every answer", async () => {
    for (const path of ["/api/runs", "/queues", "/nowhere", "/healthz"]) {
      const { headers } = await request(makeApp(queue)).get(path);
      expect(headers["content-security-policy"]).toMatch(/default-src '(self|none)'/);
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["x-frame-options"]).toBeDefined();
      expect(headers["x-powered-by"]).toBeUndefined();
    }
  });

  it("leads from the front door to the queues", async () => {
    const { status, headers } = await request(makeApp(queue)).get("/");
    expect([status, headers["location"]]).toEqual([302, "/queues"]);
  });
});
