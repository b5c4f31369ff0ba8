import { type AddressInfo, connect, createServer } from "node:net";
import { newRunId, type TargetLayout, type Transformed } from "@rehome/core";
import { type RedisServer, startRedis } from "@rehome/tooling/local-services";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTarget } from "../src/index.js";
import {
  batchOf,
  countKeys,
  EXPIRY,
  everythingIn,
  expired,
  id,
  OLD,
  options,
  rejection,
  useTarget,
  write,
  keysUnder,
  layoutUnder,
  text,
  byExpiry,
} from "./target-fixture.js";

const shared = useTarget();
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

/** The server's URL for a user with these rights; the user's password is a canary. */
async function urlOf(user: string, ...rules: string[]): Promise<URL> {
  await redis.acl("SETUSER", user, "reset", "on", ">canary-pass", "~*", "&*", "+@all", ...rules);
  const url = new URL(server.url);
  [url.username, url.password] = [user, "canary-pass"];
  return url;
}

async function failureAt(
  url: URL,
  commandTimeoutMs = 500,
  layout: TargetLayout = layoutUnder("session:"),
): Promise<unknown> {
  const target = openTarget(url, { commandTimeoutMs });
  const error = await rejection(target.inspect(layout));
  await target.close();
  expect(everythingIn(error)).not.toMatch(/canary/);
  expect(error).toMatchObject({ name: "RehomeError", hint: expect.any(String) });
  return error;
}

describe("preflight", () => {
  test("tells what the target is, and leaves nothing behind", async () => {
    const before = await redis.dbsize();
    const target = openTarget(new URL(server.url));
    const facts = await target.inspect(layoutUnder("session:"));
    expect(facts).toMatchObject({ maxmemoryPolicy: "noeviction", maxMemory: null, warnings: [] });
    expect(facts.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(facts.runId).toBe((await target.identity()).runId);
    expect(facts.usedMemory).toBeGreaterThan(100_000);
    expect(await redis.dbsize()).toBe(before);
    await target.close();
  });

  test("warns where sessions may be evicted, and tells the limit of memory", async () => {
    await redis.config("SET", "maxmemory", "500mb", "maxmemory-policy", "volatile-lru");
    const target = openTarget(new URL(server.url));
    const facts = await target.inspect(layoutUnder("session:"));
    expect(facts.maxMemory).toBe(500 * 1024 * 1024);
    expect(facts.warnings).toEqual([expect.stringContaining("volatile-lru")]);
    await redis.config("SET", "maxmemory", "0", "maxmemory-policy", "noeviction");
    await target.close();
  });

  test("refuses a replica", async () => {
    const args = [
      "--replicaof",
      "127.0.0.1",
      String(server.port),
      "--masterauth",
      decodeURIComponent(new URL(server.url).password),
    ];
    const replica = await startRedis({ args });
    expect(await failureAt(new URL(replica.url))).toMatchObject({
      code: "target-replica",
      exitCode: 2,
    });
    await replica.stop();
  });

  test("refuses a wrong password, and a missing one", async () => {
    const url = new URL(server.url);
    url.password = "canary-password";
    expect(await failureAt(url)).toMatchObject({ code: "target-WRONGPASS", retryable: false });
    url.password = "";
    expect(await failureAt(url)).toMatchObject({ code: "target-NOAUTH", retryable: false });
    url.username = "canary-user";
    url.password = "canary-password";
    expect(await failureAt(url)).toMatchObject({ code: "target-WRONGPASS", retryable: false });
  });

  test("tells where nothing listens, and that trying again may help", async () => {
    const url = new URL("redis://canary:canary@127.0.0.1:1/0");
    const error = await failureAt(url);
    expect(error).toMatchObject({ code: "target-ECONNREFUSED", retryable: true });
    expect((error as Error).message).toContain("127.0.0.1:1/0");
    expect(await failureAt(new URL("redis://nowhere.invalid"))).toMatchObject({
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
  });

  test("gives up on a server that never answers, and on one that is none", async () => {
    const silent = createServer((socket) => void socket.on("error", () => undefined));
    const closing = createServer((socket) => socket.destroy());
    const other = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const urls = await Promise.all(
      [silent, closing, other].map(async (listener) => {
        await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
        return new URL(`redis://127.0.0.1:${(listener.address() as AddressInfo).port}`);
      }),
    );
    expect(await failureAt(urls[0]!, 300)).toMatchObject({
      code: "target-ETIMEDOUT",
      retryable: true,
    });
    expect(await failureAt(urls[1]!)).toMatchObject({
      code: expect.stringMatching(/^target-(ECONNRESET|EPIPE)$/),
      retryable: true,
    });
    expect(await failureAt(urls[2]!)).toMatchObject({ name: "RehomeError" });
    const tls = new URL(urls[2]!.href.replace("redis:", "rediss:"));
    expect(await failureAt(tls)).toMatchObject({ name: "RehomeError" });
    for (const listener of [silent, closing, other]) listener.close();
  });

  const ALWAYS = [
    "unlink",
    "eval",
    "setrange",
    "hget",
    "hlen",
    "hmget",
    "hgetall",
    "type",
    "exists",
    "time",
  ];
  test.each([
    ...ALWAYS.map((command) => ["restore", command] as const),
    ...[...ALWAYS, "hset", "pexpireat"].map((command) => ["hset", command] as const),
  ])(
    "refuses a user who writes by %s and may not %s, and says what is needed",
    async (way, command) => {
      const rules = command === "eval" ? ["-eval", "-evalsha"] : [`-${command}`];
      if (way === "hset") rules.push("-restore");
      const error = await failureAt(await urlOf(`${way}-without-${command}`, ...rules));
      expect(error).toMatchObject({ code: "target-NOPERM", retryable: false });
      expect((error as { hint: string }).hint).toContain(command.toUpperCase());
    },
  );

  const ONLY_FOR = { restore: ["RESTORE"], hset: ["HSET", "PEXPIREAT"] } as const;
  test.each([
    { way: "restore", spared: ONLY_FOR.hset, warnings: [] },
    {
      way: "hset",
      spared: ONLY_FOR.restore,
      warnings: [expect.stringContaining("may not call RESTORE")],
    },
  ])(
    "asks for no permission that is not needed, and for all that are, written by $way",
    async ({ way, spared, warnings }) => {
      const refused = (await failureAt(await urlOf("too-little", "-hgetall"))) as { hint: string };
      const named: string[] = refused.hint.match(/\b[A-Z]{3,}\b/g)!;
      expect(named).toEqual(expect.arrayContaining([...ONLY_FOR.restore, ...ONLY_FOR.hset]));
      const commands = named
        .filter((command) => !spared.some((one) => one === command))
        .map((command) => `+${command}`);
      const keys = refused.hint.match(/\S+\*/g)!.map((pattern) => `~${pattern}`);
      const url = await urlOf(`just-enough-${way}`, "resetkeys", ...keys, "-@all", ...commands);
      url.pathname = way === "restore" ? "/2" : "/4";
      const target = openTarget(url);
      const facts = await target.inspect(layoutUnder("session:"));
      expect(facts.warnings).toEqual(warnings);
      expect(facts.writeWay.kind).toBe(way);
      const older = write("a", { recency: OLD });
      for (const policy of ["newer", "replace"] as const) {
        expect(await target.load(batchOf([older]), options("session:", policy))).toEqual([
          "migrated",
        ]);
        expect(await target.load(batchOf([write("a")]), options("session:", policy))).toEqual([
          "migrated",
        ]);
      }
      expect(await target.load(batchOf([write("a")]), options("session:", "keep"))).toEqual([
        "migrated",
      ]);
      expect(await target.load(batchOf([expired("b")]), options("session:"))).toEqual(["expired"]);
      expect(await target.arePresent([id("a")], keysUnder("session:"))).toEqual([true]);
      expect(await countKeys(target, "session:")).toBe(1);
      const run = newRunId(new Date());
      expect(
        await target.checkMarker(run, await target.placeMarker(run, "session:"), "session:"),
      ).toBe(true);
      await target.removeMarker(run, "session:");
      await target.close();
    },
  );

  test.each(["unlink", "eval", "setrange", "type", "exists", "time", "set", "get"])(
    "refuses a user who writes strings and may not %s, and says what is needed",
    async (command) => {
      const rules = command === "eval" ? ["-eval", "-evalsha"] : [`-${command}`];
      const url = await urlOf(`set-without-${command}`, ...rules);
      const error = await failureAt(url, 500, byExpiry("session:"));
      expect(error).toMatchObject({ code: "target-NOPERM", retryable: false });
      expect((error as { hint: string }).hint).toContain(command.toUpperCase());
    },
  );

  test("asks for no permission that only hashes need where sessions are strings, and for all that these need", async () => {
    const layout = byExpiry("session:");
    const url = await urlOf("too-little-for-strings", "-setrange");
    const { hint } = (await failureAt(url, 500, layout)) as { hint: string };
    expect(hint).not.toMatch(/RESTORE|\bH[A-Z]+|PEXPIREAT/);
    const commands = hint.match(/\b[A-Z]{3,}\b/g)!.map((command) => `+${command}`);
    const keys = hint.match(/\S+\*/g)!.map((pattern) => `~${pattern}`);
    const enough = await urlOf("just-enough-set", "resetkeys", ...keys, "-@all", ...commands);
    enough.pathname = "/5";
    const target = openTarget(enough);
    const facts = await target.inspect(layout);
    expect(facts).toMatchObject({ writeWay: { kind: "set" }, warnings: [] });
    for (const conflict of ["newer", "replace", "keep"] as const) {
      const load = (entry: Transformed) => target.load(batchOf([entry]), { layout, conflict });
      expect(await load(text("a", "1"))).toEqual(["migrated"]);
      expect(await load(expired("b"))).toEqual(["expired"]);
      expect(await load(expired("a", null, EXPIRY))).toEqual(["expired"]);
    }
    const [found] = await target.readBack([id("a")], layout);
    expect(found!.fields[1]!.toString()).toBe("1");
    expect(await target.arePresent([id("a")], layout.keys)).toEqual([true]);
    expect(await countKeys(target, "session:")).toBe(1);
    const run = newRunId(new Date());
    const token = await target.placeMarker(run, "session:");
    expect(await target.checkMarker(run, token, "session:")).toBe(true);
    await target.removeMarker(run, "session:");
    await target.close();
  });

  test("leaves nothing behind where sessions are strings, whatever lies under their prefix", async () => {
    const before = (await redis.keys("*")).toSorted();
    for (const prefix of ["session:", "rehome:", "rehome:probe:"]) {
      const target = openTarget(new URL(server.url));
      const facts = await target.inspect(byExpiry(prefix));
      expect(facts).toMatchObject({ writeWay: { kind: "set" }, warnings: [] });
      await target.close();
    }
    expect((await redis.keys("*")).toSorted()).toEqual(before);
  });

  test("refuses a server that does not know PXAT where sessions are strings, and takes it for hashes", async () => {
    // The real server, asked as an older one would understand it: an option that it has never heard of.
    const older = createServer((client) => {
      const upstream = connect(server.port, "127.0.0.1");
      client.on("data", (bytes) => {
        upstream.write(Buffer.from(bytes.toString("latin1").replaceAll("PXAT", "PXXX"), "latin1"));
      });
      upstream.on("data", (bytes) => void client.write(bytes));
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        one.on("error", () => undefined);
        one.on("close", () => other.destroy());
      }
    });
    await new Promise<void>((resolve) => older.listen(0, "127.0.0.1", resolve));
    const url = new URL(server.url);
    url.port = String((older.address() as AddressInfo).port);
    const refused = {
      code: "target-too-old",
      message: "the target does not take SET with PXAT: Redis 6.2 or later is needed",
      retryable: false,
      exitCode: 2,
    };
    const layout = byExpiry("session:");
    expect(await failureAt(url, 500, layout)).toMatchObject(refused);
    const target = openTarget(url);
    for (let time = 0; time < 2; time += 1) {
      const loading = target.load(batchOf([text("old", "1")]), { layout, conflict: "newer" });
      expect(await rejection(loading)).toMatchObject(refused);
    }
    expect((await target.inspect(layoutUnder("session:"))).warnings).toEqual([]);
    expect(await redis.exists("session:old")).toBe(0);
    await target.close();
    older.close();
  });

  test("refuses a user who may not write the keys it needs", async () => {
    const error = await failureAt(await urlOf("elsewhere", "resetkeys", "~session:*"));
    expect(error).toMatchObject({ code: "target-NOPERM" });
    expect((error as { hint: string }).hint).toContain("rehome:*");
  });

  test("gets by without INFO, and says what it does not know", async () => {
    const target = openTarget(await urlOf("blind", "-info"));
    const facts = await target.inspect(layoutUnder("session:"));
    expect(facts).toMatchObject({
      version: "",
      runId: "",
      usedMemory: null,
      warnings: [expect.stringContaining("INFO")],
    });
    expect((await target.identity()).runId).toBe("");
    await target.close();
  });
});

test("where the expiry can only be told by the time left, it is right to the millisecond or the next", async () => {
  const target = openTarget(await urlOf("old", "-pexpiretime"));
  const keys = shared.prefix();
  expect(await target.load(batchOf([write("a")]), options(keys))).toEqual(["migrated"]);
  const [found] = await target.readBack([id("a")], layoutUnder(keys));
  expect(Math.abs(found!.expiresAt! - EXPIRY)).toBeLessThanOrEqual(1);
  expect(await target.load(batchOf([write("a")]), options(keys, "keep"))).toEqual(["migrated"]);
  await redis.pexpireat(`${keys}a`, EXPIRY + 5);
  expect(await target.load(batchOf([write("a")]), options(keys, "keep"))).toEqual(["kept"]);
  await redis.set(`${keys}string`, "theirs", "PXAT", EXPIRY + 5);
  const strings = [text("string", "ours"), text("new", "ours")];
  const byTimeLeft = { layout: byExpiry(keys), conflict: "newer" } as const;
  for (let time = 0; time < 2; time += 1)
    expect(await target.load(batchOf(strings), byTimeLeft)).toEqual(["kept", "migrated"]);
  expect(await redis.pexpiretime(`${keys}new`)).toBe(EXPIRY);
  await target.close();
});

test("a database that cannot be selected is not mistaken for the first one", async () => {
  const keys = shared.prefix();
  const url = await urlOf("first-only", "-select");
  url.pathname = "/3";
  const target = openTarget(url);
  for (let time = 0; time < 2; time += 1) {
    expect(await rejection(target.load(batchOf([write("a")]), options(keys)))).toMatchObject({
      code: "target-NOPERM",
    });
  }
  url.pathname = "/99";
  const beyond = openTarget(url);
  expect(await rejection(beyond.load(batchOf([write("a")]), options(keys)))).toMatchObject({
    name: "RehomeError",
  });
  expect(await redis.exists(`${keys}a`)).toBe(0);
  await Promise.all([target.close(), beyond.close()]);
});

test("the clock is the server's, in milliseconds", async () => {
  const [seconds] = await redis.time();
  const now = await shared.target.clock();
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(Number(seconds) * 1000);
  expect(now).toBeLessThan(Number(seconds) * 1000 + 5_000);
});

test.each([
  "http://canary@host/0",
  "mysql://canary@host/0",
  "redis://:canary%zz@host/0",
  "redis://:canary@host/zero",
])("%s is no target, and the refusal does not quote it", (text) => {
  let error: unknown;
  try {
    openTarget(new URL(text));
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: "malformed-url", exitCode: 2 });
  expect(everythingIn(error)).not.toMatch(/canary/);
});

test("nothing in the URL's query can change how the target is written", async () => {
  const keys = shared.prefix();
  const url = new URL(server.url);
  url.search = "?keyPrefix=elsewhere:&enableOfflineQueue=true&db=4";
  const target = openTarget(url);
  await target.load(batchOf([write("a")]), options(keys));
  expect(await redis.exists(`${keys}a`)).toBe(1);
  await target.close();
});
