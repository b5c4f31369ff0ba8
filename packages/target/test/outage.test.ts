import { type RedisServer, startRedis } from "@rehome/tooling/local-services";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTarget, type Target } from "../src/index.js";
import {
  batchOf,
  byExpiry,
  text,
  expired,
  countKeys,
  EXPIRY,
  everythingIn,
  fieldsOf,
  id,
  NEW,
  OLD,
  options,
  rejection,
  urlFor,
  WAYS,
  WITHOUT_RESTORE,
  write,
  layoutUnder,
} from "./target-fixture.js";

const SECRETS = /canary/;
const secret = (name: string, overrides = {}) =>
  write(`canary-id-${name}`, {
    fields: ["canary-field", "canary-value", "last_activity_at", NEW],
    ...overrides,
  });

/** Large enough that many of them take many calls. */
const large = (name: string) =>
  secret(name, { fields: ["canary-field", "canary".repeat(170), "last_activity_at", NEW] });

describe.each(WAYS)("written by %s", (way) => {
  let server: RedisServer;
  let target: Target;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis({
      appendonly: true,
      args: ["--appendfsync", "always", "--user", WITHOUT_RESTORE.name, ...WITHOUT_RESTORE.rules],
    });
    target = openTarget(urlFor(way, server.url), { commandTimeoutMs: 1_000 });
    redis = new Redis(server.url, { maxRetriesPerRequest: 0 });
    redis.on("error", () => undefined);
  });
  afterAll(async () => {
    redis.disconnect();
    await target.close();
    await server.stop();
  });

  async function outage(promise: Promise<unknown>): Promise<unknown> {
    const error = await rejection(promise);
    expect(everythingIn(error)).not.toMatch(SECRETS);
    expect(everythingIn(error)).not.toContain(new URL(server.url).password);
    expect(error).toMatchObject({ name: "RehomeError", retryable: true });
    return error;
  }

  describe("out of memory", () => {
    test("refuses a call whole: no session is lost, half written or immortal, and more memory mends it", async () => {
      const loadOptions = options("oom:", "replace");
      const names = Array.from({ length: 50 }, (_, i) => `${i}`);
      await redis.hset("oom:canary-id-0", { last_activity_at: OLD, mine: "1" });
      await redis.pexpireat("oom:canary-id-0", EXPIRY);
      await redis.hset("oom:gone", "last_activity_at", OLD);
      await redis.config("SET", "maxmemory", "1mb");
      const entries = [expired("gone"), ...names.map((name) => secret(name))];
      expect(await outage(target.load(batchOf(entries), loadOptions))).toMatchObject({
        code: "target-OOM",
      });
      const found = await target.readBack(
        names.map((name) => id(`canary-id-${name}`)),
        layoutUnder("oom:"),
      );
      expect(Object.fromEntries(fieldsOf(found[0]))).toEqual({ last_activity_at: OLD, mine: "1" });
      expect(found[0]!.expiresAt).toBe(EXPIRY);
      expect(found.slice(1).every(({ type }) => type === "none")).toBe(true);
      expect(await redis.exists("oom:gone")).toBe(1);

      await redis.config("SET", "maxmemory", "0");
      expect(await target.load(batchOf(entries), loadOptions)).toEqual([
        "expired",
        ...names.map(() => "migrated"),
      ]);
    });

    test("refuses a call whose first session is of another type as well", async () => {
      await redis.set("oom:string", "held");
      await redis.config("SET", "maxmemory", "1mb");
      expect(
        await outage(
          target.load(batchOf([write("string"), secret("a")]), options("oom:", "replace")),
        ),
      ).toMatchObject({ code: "target-OOM" });
      await redis.config("SET", "maxmemory", "0");
    });
  });

  test("out of memory refuses strings whole: none is lost, half written or immortal, and more memory mends it", async () => {
    const layout = byExpiry("oom-strings:");
    const held = { older: EXPIRY - 5, gone: EXPIRY - 5 };
    for (const [name, at] of Object.entries(held))
      await redis.set(`oom-strings:${name}`, "theirs", "PXAT", at);
    const names = ["older", ...Array.from({ length: 50 }, (_, i) => `${i}`)];
    const all = [expired("gone", null, EXPIRY), ...names.map((name) => text(name, "canary-value"))];
    for (const conflict of ["newer", "replace"] as const) {
      // Those that are new, and those that the script must decide about alone.
      for (const entries of [all, all.slice(0, 2), all.slice(1, 2)]) {
        await redis.config("SET", "maxmemory", "1mb");
        const failing = target.load(batchOf(entries), { layout, conflict });
        expect(await outage(failing)).toMatchObject({ code: "target-OOM" });
        await redis.config("SET", "maxmemory", "0");
        expect(await redis.get("oom-strings:older")).toBe("theirs");
        for (const [name, at] of Object.entries(held))
          expect(await redis.pexpiretime(`oom-strings:${name}`)).toBe(at);
        expect(await countKeys(target, "oom-strings:")).toBe(2);
      }
    }
    const loaded = await target.load(batchOf(all), { layout, conflict: "newer" });
    expect(loaded).toEqual(["expired", ...names.map(() => "migrated")]);
    expect(await redis.pexpiretime("oom-strings:older")).toBe(EXPIRY);
    expect(await redis.exists("oom-strings:gone")).toBe(0);
  });

  test("a permission lost on the way costs no session its expiry, and tells no secret", async () => {
    const [name, password] = ["fading", "canary-pass"];
    const rules = way === "hset" ? ["-restore"] : [];
    await redis.acl("SETUSER", name, "reset", "on", `>${password}`, "~*", "+@all", ...rules);
    const url = new URL(server.url);
    [url.username, url.password] = [name, password];
    const fading = openTarget(url);
    await fading.load(batchOf([secret("a")]), options("fading:"));
    const refused = async () => {
      const error = await rejection(fading.load(batchOf([secret("b")]), options("fading:")));
      expect(error).toMatchObject({ code: "target-NOPERM", retryable: false });
      expect(everythingIn(error)).not.toMatch(SECRETS);
      expect(await redis.keys("fading:*")).toEqual(["fading:canary-id-a"]);
    };
    await redis.acl("SETUSER", name, "-pexpireat", "-restore");
    await refused();
    await refused();
    await redis.acl("SETUSER", name, "+pexpireat");
    expect(await fading.load(batchOf([secret("b")]), options("fading:"))).toEqual(["migrated"]);
    expect(await redis.pexpiretime("fading:canary-id-b")).toBe(EXPIRY);
    await fading.close();
  });

  test("a server that does not answer in time is given up, and used again when it does", async () => {
    await redis.client("PAUSE", 1_700, "ALL");
    const started = Date.now();
    expect(await outage(target.load(batchOf([secret("a")]), options("pause:")))).toMatchObject({
      code: "target-ETIMEDOUT",
    });
    expect(Date.now() - started).toBeLessThan(1_600);
    await expect
      .poll(() => target.load(batchOf([secret("b")]), options("pause:")).catch(() => null), {
        timeout: 10_000,
      })
      .toEqual(["migrated"]);
  });

  describe("a server that dies", () => {
    test("under a load leaves whole sessions only, and the same target goes on when it is back", async () => {
      const names = Array.from({ length: 20_000 }, (_, i) => `${i}`);
      const entries = names.map(large);
      const loading = target.load(batchOf(entries), options("dies:"));
      const failing = outage(loading);
      await expect.poll(() => redis.dbsize(), { interval: 1 }).toBeGreaterThan(200);
      process.kill(server.pid, "SIGKILL");
      await failing;
      await outage(target.load(batchOf([secret("0")]), options("dies:")));
      await outage(target.clock());

      await server.restart();
      const left = (
        await target.readBack(
          names.map((name) => id(`canary-id-${name}`)),
          layoutUnder("dies:"),
        )
      ).filter(({ type }) => type !== "none");
      expect(left.length).toBeGreaterThan(0);
      expect(left.length).toBeLessThan(names.length);
      expect(
        left.every((session) => session.fields.length === 4 && session.expiresAt === EXPIRY),
      ).toBe(true);
      expect(new Set(await target.load(batchOf(entries), options("dies:")))).toEqual(
        new Set(["migrated"]),
      );
      expect(await countKeys(target, "dies:")).toBe(names.length);
    });

    test("between two loads goes unnoticed", async () => {
      await target.load(batchOf([secret("a")]), options("restart:"));
      const before = await target.identity();
      await server.restart();
      expect(await target.load(batchOf([secret("a")]), options("restart:", "keep"))).toEqual([
        "migrated",
      ]);
      const after = await target.identity();
      expect(after.address).toBe(before.address);
      expect(after.runId).not.toBe(before.runId);
    });
  });

  test("a connection cut in the middle of a load loses nothing that the next load does not mend", async () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `${i}`);
    const entries = names.map(large);
    for (const keys of ["cut1:", "cut2:", "cut3:"]) {
      // Both connections stand, whichever of them the load is on.
      await target.clock();
      const before = await redis.dbsize();
      const failing = outage(target.load(batchOf(entries), options(keys)));
      await expect.poll(() => redis.dbsize(), { interval: 1 }).toBeGreaterThan(before + 200);
      await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await failing;
      // The connection that the load was not on is cut as well, which it may take a call to notice.
      await target.clock().catch(() => null);
      expect(new Set(await target.load(batchOf(entries), options(keys)))).toEqual(
        new Set(["migrated"]),
      );
      expect(await countKeys(target, keys)).toBe(names.length);
    }
  });

  test("a server without room for another client is asked again later", async () => {
    const [, clients] = (await redis.config("GET", "maxclients")) as [string, string];
    const held = Number(/connected_clients:(\d+)/.exec(await redis.info("clients"))?.[1]);
    await redis.config("SET", "maxclients", String(held));
    const late = openTarget(new URL(server.url));
    await outage(late.clock());
    await redis.config("SET", "maxclients", clients);
    expect(await late.clock()).toBeGreaterThan(0);
    await late.close();
  });

  test("a master that becomes a replica is refused, and used again once it is one no more", async () => {
    await redis.replicaof("127.0.0.1", 1);
    expect(await outage(target.load(batchOf([secret("a")]), options("failover:")))).toMatchObject({
      code: "target-READONLY",
    });
    await redis.replicaof("NO", "ONE");
    expect(await target.load(batchOf([secret("a")]), options("failover:"))).toEqual(["migrated"]);
  });

  test("a closed target refuses to work, and closing it twice does no harm", async () => {
    const closed = openTarget(new URL(server.url));
    await closed.clock();
    await closed.close();
    await closed.close();
    expect(await rejection(closed.clock())).toMatchObject({
      code: "target-closed",
      retryable: false,
    });
  });

  test("many calls at once share one connection", async () => {
    const busy = openTarget(new URL(server.url));
    await redis.client("SETNAME", "watching");
    const before = ((await redis.client("LIST")) as string).split("\n").length;
    await Promise.all(Array.from({ length: 50 }, () => busy.clock()));
    expect(((await redis.client("LIST")) as string).split("\n").length).toBe(before + 1);
    await busy.close();
  });
});
