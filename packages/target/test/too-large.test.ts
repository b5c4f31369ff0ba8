import { type RedisServer, startRedis } from "@rehome/tooling/local-services";
import type { TargetLayout } from "@rehome/core";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTarget, type Target } from "../src/index.js";
import {
  batchOf,
  byExpiry,
  expired,
  EXPIRY,
  layoutUnder,
  NEW,
  OLD,
  rejected,
  text,
  urlFor,
  WAYS,
  WITHOUT_RESTORE,
  write,
} from "./target-fixture.js";

const MEGABYTE = 1024 * 1024;
let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis({
    args: ["--proto-max-bulk-len", "1mb", "--user", WITHOUT_RESTORE.name, ...WITHOUT_RESTORE.rules],
  });
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

describe.each([...WAYS, "set"] as const)("written by %s", (way) => {
  let target: Target;
  beforeAll(() => {
    target = openTarget(urlFor(way, server.url));
  });
  afterAll(() => target.close());

  const keys = `${way}:`;
  const layout: TargetLayout = way === "set" ? byExpiry(keys) : layoutUnder(keys);
  const session = (name: string, bytes: number) =>
    way === "set"
      ? text(name, "x".repeat(bytes))
      : write(name, { fields: ["last_activity_at", NEW, "cart", "x".repeat(bytes)] });

  test.each(["newer", "replace", "keep"] as const)(
    "what is longer than the server takes is too large, one by one, and all others are loaded under %s",
    async (conflict) => {
      await redis.flushall();
      for (const name of ["held", "held-large"]) {
        if (way === "set") await redis.set(keys + name, "theirs", "PXAT", EXPIRY - 5_000);
        else await redis.hset(keys + name, "last_activity_at", OLD);
      }
      await redis.set(`${keys}gone`, "", "PX", 1);
      const entries = [
        session("a", 10),
        session("large", 3 * MEGABYTE),
        rejected("rejected"),
        expired("gone", null),
        session("held", 10),
        session("held-large", 2 * MEGABYTE),
        ...Array.from({ length: 40 }, (_, i) => session(`more-${i}`, 100_000)),
        session("last", MEGABYTE + 1),
        session("z", 1),
      ];
      const held = conflict === "keep" ? "kept" : "migrated";
      // Under `keep` a hash is compared field by field, so this one is too long as well.
      const expected = entries.map((_, i) => {
        if (i === 2) return null;
        if (i === 3) return "expired";
        if (i === 4) return held;
        return i === 1 || i === 5 || i === entries.length - 2 ? "too-large" : "migrated";
      });
      expect(await target.load(batchOf(entries), { layout, conflict })).toEqual(expected);
      expect(await redis.exists(`${keys}a`, `${keys}more-39`, `${keys}z`)).toBe(3);
      expect(await redis.exists(`${keys}large`, `${keys}last`)).toBe(0);
      // What the server held before stays as it was.
      const theirs =
        way === "set"
          ? await redis.get(`${keys}held-large`)
          : await redis.hget(`${keys}held-large`, "last_activity_at");
      expect(theirs).toBe(way === "set" ? "theirs" : OLD);
    },
  );
});
