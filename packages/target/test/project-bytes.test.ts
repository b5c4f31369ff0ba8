import { randomBytes } from "node:crypto";
import type { TargetLayout, TargetSession } from "@rehome/core";
import { type RedisServer, startRedis } from "@rehome/tooling/local-services";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTarget, projectBytes } from "../src/index.js";
import { batchOf, byExpiry, EXPIRY, id, layoutUnder } from "./target-fixture.js";

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** What MEMORY USAGE leaves out: an entry in the table of expiries, and the slots of both tables. */
const UNCOUNTED = 32 + 2 * 12;

/** Of many sessions, whose tables and pages take more or less than their share. */
const TOLERANCE = 0.15;

function sessionOf(fields: readonly string[]): TargetSession {
  const name = id(randomBytes(16).toString("hex"));
  return { id: name, fields, expiresAt: EXPIRY, recency: null };
}

/** By a target of its own, whose connections have ended, with all that the server kept for them. */
async function write(sessions: readonly TargetSession[], layout: TargetLayout): Promise<void> {
  const target = openTarget(new URL(server.url));
  const entries = sessions.map((session) => ({ kind: "write", session }) as const);
  const results = await target.load(batchOf(entries), { layout, conflict: "newer" });
  expect(new Set(results)).toEqual(new Set(["migrated"]));
  await target.close();
  await expect.poll(() => redis.info("clients")).toContain("connected_clients:1\r\n");
}

const strings = byExpiry("session:");
const hashes = layoutUnder("session:");

function hashOf(fields: number, length: number): string[] {
  return Array.from({ length: fields }, (_, i) => [`name ${i}`, "x".repeat(length)]).flat();
}

const CASES: readonly (readonly [string, readonly string[], TargetLayout])[] = [
  ...[0, 1, 20, 43, 44, 45, 60, 200, 700, 3_000, 70_000, 5_000_000].map(
    (length) => [`a string of ${length} bytes`, ["", "x".repeat(length)], strings] as const,
  ),
  ...[
    [1, 1],
    [10, 20],
    [20, 100],
    [100, 200],
    [600, 10],
  ].map(
    ([fields, length]) =>
      [`a hash of ${fields} fields of ${length} bytes`, hashOf(fields!, length!), hashes] as const,
  ),
];

// Of a hash that is a table it counts less than its allocator gives each entry.
test.each(CASES.filter(([, fields]) => fields.length < 1_000))(
  "%s takes what was projected, by the server's reckoning",
  async (_, fields, layout) => {
    const session = sessionOf(fields);
    await write([session], layout);
    const key = `session:${session.id}`;
    const usage = Number(await redis.call("MEMORY", "USAGE", key, "SAMPLES", "0"));
    const projected = projectBytes(session, layout);
    expect(Math.abs(projected - UNCOUNTED - usage)).toBeLessThanOrEqual(16 + 0.05 * usage);
  },
);

test.each(CASES.filter(([, fields]) => fields.join("").length < 100_000))(
  "many of %s take what was projected, by the memory the server has used",
  async (_, fields, layout) => {
    await redis.flushall("SYNC");
    const bytes = projectBytes(sessionOf(fields), layout);
    const count = Math.min(3_000, Math.ceil(30_000_000 / bytes));
    const sessions = Array.from({ length: count }, () => sessionOf(fields));
    const before = await usedMemory();
    await write(sessions, layout);
    const grown = (await usedMemory()) - before;
    expect(grown / (count * bytes)).toBeGreaterThan(1 - TOLERANCE);
    expect(grown / (count * bytes)).toBeLessThan(1 + TOLERANCE);
  },
);

async function usedMemory(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
}
