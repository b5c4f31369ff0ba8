import { randomBytes } from "node:crypto";
import type { User } from "@rehome/config";
import { type Bound, describeError, newRunId, type RunId, type SessionId } from "@rehome/core";
import {
  closePlan,
  createRun,
  openQueue,
  type QueueConnection,
  recordBounds,
  stageRejects,
} from "@rehome/queue";
import type { Express } from "express";
import { pino } from "pino";
import request, { type Response } from "supertest";
import { afterEach, inject } from "vitest";
import { frozenRun } from "../../../packages/queue/test/frozen-run.js";
import { makeApp } from "../src/app.js";
import { makeLogins } from "../src/login/logins.js";
import { hashPassword } from "../src/login/password.js";
import { COOKIE } from "../src/login/sign-in.js";
import { makeTargetGauge } from "../src/watch/target-gauge.js";
import { makeWatch, type Watch } from "../src/watch/watch.js";

export const PASSWORD = "correct horse";
/** supertest's servers are asked for by this name. */
export const ORIGIN = "http://dashboard.example";

export interface Dashboard {
  readonly app: Express;
  readonly queue: QueueConnection;
  readonly watch: Watch;
  readonly logged: string[];
}

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

export async function user(name: string, role: User["role"]): Promise<User> {
  return { name, role, passwordHash: await hashPassword(PASSWORD) };
}

/** A dashboard over an emptied queue. */
export async function openDashboard(
  options: {
    users?: readonly User[];
    origin?: string | null;
    proxies?: string;
    metricsToken?: string | null;
    hours?: number;
  } = {},
): Promise<Dashboard> {
  const queue = await openQueue(new URL(inject("redisUrl")));
  await queue.redis.flushall();
  const logged: string[] = [];
  const log = pino(
    { serializers: { err: describeError } },
    { write: (line) => void logged.push(line) },
  );
  const watch = makeWatch(queue, makeTargetGauge(null), log);
  closing.push(async () => {
    watch.close();
    await queue.close();
  });
  const secret = randomBytes(16).toString("hex");
  const { users = [], hours = 12, origin = ORIGIN, metricsToken = null } = options;
  const { proxies = "loopback" } = options;
  const logins = await makeLogins(users, { secret, hours, ended: new Set() });
  return {
    app: makeApp({ queue, watch, logins, log, secret, origin, proxies, metricsToken }),
    queue,
    watch,
    logged,
  };
}

/** What a browser has once somebody is signed in. */
export interface Visit {
  readonly cookie: string;
  readonly token: string;
}

export async function signIn(app: Express, name: string): Promise<Visit> {
  const response = await request(app)
    .post("/api/login")
    .set("origin", ORIGIN)
    .send({ name, password: PASSWORD });
  return { cookie: cookieOf(response), token: (response.body as { token: string }).token };
}

export function cookieOf(response: Response): string {
  const cookies = (response.headers["set-cookie"] ?? []) as unknown as string[];
  return cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`)) ?? "";
}

/** Sets some reject aside, without which no chunk with rejects can be recorded. */
export async function stageOne(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
  attempt: string,
): Promise<void> {
  const reject = { id: "canary-id" as SessionId, code: "too-large", message: "m" } as const;
  await stageRejects(queue, run, chunk, attempt, [reject]);
}

/** A planned run of chunks of 10 sessions, whose secrets are canaries. */
export async function startRun(queue: QueueConnection, chunks = 2): Promise<RunId> {
  const run = newRunId(new Date());
  const frozen = {
    ...frozenRun,
    source: "canary-source",
    target: { token: "canary-token", runId: "canary-id", address: "canary-address" },
    fingerprintKey: "canary-key",
  };
  await createRun(queue, run, frozen, { maxRate: null, maxRejects: null });
  const bounds = Array.from({ length: chunks - 1 }, (_, i) => ({
    upTo: `canary-bound-${i}` as Bound,
    sessions: 10,
  }));
  await recordBounds(queue, run, 0, bounds);
  await closePlan(queue, run, { exists: true, size: 10 });
  return run;
}
