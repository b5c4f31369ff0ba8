import { startTcpProxy, type TcpProxy } from "@rehome/tooling/tcp-proxy";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openTarget, type Target } from "../src/index.js";
import {
  batchOf,
  fieldsOf,
  id,
  keysUnder,
  layoutUnder,
  NEW,
  options,
  OLD,
  write,
} from "./target-fixture.js";

const TIMEOUT_MS = 800;
const MEGABYTES = 16;
/** More than the timeout for one session, and less for what the system holds on the way. */
const BYTES_PER_SECOND = 12 * 1024 * 1024;

const url = inject("redisUrl");
const redis = new Redis(url);
let proxy: TcpProxy;
let target: Target;

beforeAll(async () => {
  proxy = await startTcpProxy(Number(new URL(url).port));
  target = openTarget(new URL(proxy.through(url)), { commandTimeoutMs: TIMEOUT_MS });
});
afterAll(async () => {
  await target.close();
  redis.disconnect();
  await proxy.close();
});

const large = (recency: string) =>
  write("large", {
    recency,
    fields: ["last_activity_at", recency, "cart", "x".repeat(MEGABYTES * 1024 * 1024)],
  });

describe("over a link that takes far longer than an answer may", () => {
  test("a large session arrives, as new, as replacement and read back, since only silence is given up", async () => {
    const loadOptions = options("slow:");
    await target.load(batchOf([write("warm-up")]), loadOptions);
    for (const recency of [OLD, NEW]) {
      proxy.throttle(BYTES_PER_SECOND, 60_000);
      const began = performance.now();
      expect(await target.load(batchOf([large(recency)]), loadOptions)).toEqual(["migrated"]);
      expect(performance.now() - began).toBeGreaterThan(1.5 * TIMEOUT_MS);
      expect(await redis.hget("slow:large", "last_activity_at")).toBe(recency);
    }
    const began = performance.now();
    const [found] = await target.readBack([id("large")], layoutUnder("slow:"));
    expect(performance.now() - began).toBeGreaterThan(1.5 * TIMEOUT_MS);
    expect(fieldsOf(found).get("cart")?.length).toBe(MEGABYTES * 1024 * 1024);
    proxy.throttle(1, 0);
  });

  test("silence is given up, also on connections that were idle for longer than that", async () => {
    await target.load(batchOf([write("a"), write("a")]), options("slow:"));
    await new Promise((resolve) => setTimeout(resolve, 2 * TIMEOUT_MS));
    proxy.stall(6 * TIMEOUT_MS);
    const began = performance.now();
    const silent = { code: "target-ETIMEDOUT", unavailable: true };
    await Promise.all([
      expect(target.load(batchOf([write("b")]), options("slow:"))).rejects.toMatchObject(silent),
      expect(target.arePresent([id("a")], keysUnder("slow:"))).rejects.toMatchObject(silent),
    ]);
    expect(performance.now() - began).toBeLessThan(3.5 * TIMEOUT_MS);
  });
});
