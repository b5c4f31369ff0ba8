import {
  findOtherServers,
  type OtherServer,
  type RedisServer,
  startRedis,
} from "@rehome/tooling/local-services";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openTarget, type Target } from "../src/index.js";
import { sessions } from "./payload-cases.js";
import { expectEncodings, expectHeld, loadAll, writeAsApplication } from "./payload-fixture.js";
import {
  batchOf,
  EXPIRY,
  expired,
  id,
  NEW,
  OLD,
  options,
  write,
  layoutUnder,
  byExpiry,
  text,
} from "./target-fixture.js";

const SEED = inject("seed");
const SESSIONS = 500;
const MAX_ENTRIES = 512;

/** By what it can do: RESTORE of payloads of Redis 7 came with 7, and so did the switch of DEBUG. */
const KINDS: readonly (OtherServer & { way: "restore" | "hset"; args: string[] })[] = [
  { name: "this machine's own", binary: null, missing: null },
  ...(await findOtherServers()),
].map((server) =>
  server.name.includes("6.2")
    ? { ...server, way: "hset", args: [] }
    : { ...server, way: "restore", args: ["--enable-debug-command", "yes"] },
);

for (const { name, missing } of KINDS)
  if (missing !== null) console.log(`${name} is skipped: ${missing}`);

const here = KINDS.filter(({ missing }) => missing === null);
const absent = KINDS.filter(({ missing }) => missing !== null);

it.skipIf(true).each(absent)("a load to $name is as to any other ($missing)", ({ missing }) => {
  expect(missing).toBeNull();
});

describe.each(here)("a load to $name", ({ name, binary, way, args }) => {
  let server: RedisServer;
  let redis: Redis;
  let target: Target;
  beforeAll(async () => {
    server = await startRedis({ args, ...(binary === null ? {} : { binary }) });
    redis = new Redis(server.url);
    target = openTarget(new URL(server.url));
  });
  afterAll(async () => {
    redis?.disconnect();
    await target?.close();
    await server?.stop();
  });

  it(`goes by ${way}, which the preflight tells where it costs memory`, async () => {
    const facts = await target.inspect(layoutUnder("session:"));
    expect(facts.writeWay.kind).toBe(way);
    expect(facts.warnings).toEqual(
      way === "restore"
        ? []
        : [expect.stringMatching(/by HSET .*: the target does not take RESTORE/)],
    );
    expect(await redis.dbsize()).toBe(0);
  });

  it("holds any session to the byte, before and after it was read from its file and written by the application", async () => {
    console.log(`${name}: ${SESSIONS} sessions of seed ${SEED}`);
    const batches = fc.array(sessions, { minLength: SESSIONS, maxLength: SESSIONS });
    await fc.assert(
      fc.asyncProperty(batches, async (batch) => {
        await redis.flushall();
        const held = await loadAll(target, batch);
        await expectNow(held);
        await redis.call("DEBUG", "RELOAD");
        await expectNow(held);
        await redis.save();
        await server.restart();
        await expect.poll(() => redis.ping().catch(() => null)).toBe("PONG");
        await expectNow(held);
        await expectHeld(target, await writeAsApplication(redis, held), isExact);
      }),
      { seed: SEED, numRuns: 1, endOnFailure: true },
    );
  });

  const isExact = way === "restore";
  async function expectNow(held: Awaited<ReturnType<typeof loadAll>>): Promise<void> {
    await expectHeld(target, held, isExact);
    if (way === "restore") await expectEncodings(redis, held, MAX_ENTRIES);
  }

  it("keeps, replaces and removes what is there by the conflict policy", async () => {
    await redis.flushall();
    const entries = [write("new"), write("older"), write("newer", { recency: OLD })];
    const fill = async (): Promise<void> => {
      await redis.flushall();
      await redis.hset("p:older", "last_activity_at", OLD, "stale", "1");
      await redis.hset("p:newer", "last_activity_at", NEW);
      await redis.hset("p:gone", "last_activity_at", OLD);
      await redis.set("p:string", "held");
    };
    const loaded = [...entries, write("string"), expired("gone")];
    for (const [policy, results] of [
      ["newer", ["migrated", "migrated", "kept", "wrong-type", "expired"]],
      ["replace", ["migrated", "migrated", "migrated", "wrong-type", "expired"]],
      ["keep", ["migrated", "kept", "kept", "wrong-type", "expired"]],
    ] as const) {
      await fill();
      expect(await target.load(batchOf(loaded), options("p:", policy))).toEqual(results);
      expect(await target.load(batchOf(loaded), options("p:", policy))).toEqual(results);
      expect(await redis.hexists("p:older", "stale")).toBe(policy === "keep" ? 1 : 0);
      expect(await redis.exists("p:gone")).toBe(policy === "keep" ? 1 : 0);
      const [found] = await target.readBack([id("new")], layoutUnder("p:"));
      expect(Math.abs(found!.expiresAt! - EXPIRY)).toBeLessThanOrEqual(isExact ? 0 : 1);
    }
  });

  it("writes, keeps and removes strings by their expiry", async () => {
    await redis.flushall();
    const layout = byExpiry("s:");
    const facts = await target.inspect(layout);
    expect(facts).toMatchObject({ writeWay: { kind: "set" }, warnings: [] });
    await redis.set("s:older", "theirs", "PXAT", EXPIRY - 5);
    await redis.set("s:newer", "theirs", "PXAT", EXPIRY + 5);
    await redis.set("s:gone", "theirs", "PXAT", EXPIRY - 5);
    await redis.hset("s:hash", "a", "1");
    const names = ["new", "older", "newer", "hash"];
    const bytes = Buffer.from([0xff, 0x00, 0x0d, 0x0a]);
    const entries = [...names.map((name) => text(name, bytes)), expired("gone", null, EXPIRY)];
    for (let time = 0; time < 2; time += 1) {
      const results = await target.load(batchOf(entries), { layout, conflict: "newer" });
      expect(results).toEqual(["migrated", "migrated", "kept", "wrong-type", "expired"]);
    }
    const found = await target.readBack(["new", "older"].map(id), layout);
    for (const { fields, expiresAt } of found) {
      expect(fields[1]).toEqual(bytes);
      expect(Math.abs(expiresAt! - EXPIRY)).toBeLessThanOrEqual(isExact ? 0 : 1);
    }
    const again = entries.slice(0, 2);
    expect(await target.load(batchOf(again), { layout, conflict: "keep" })).toEqual([
      "migrated",
      "migrated",
    ]);
    expect(await redis.exists("s:gone")).toBe(0);
  });
});
