import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { type House, until } from "../src/e2e/house.js";
import { addManySessions, addSession } from "../src/e2e/sessions.js";
import { furnishedHouse, migrate, readStatus, startSlowly, type Status } from "./house-fixture.js";

const CANARY = "canary7f3a";

describe("a session id, an e-mail, a password hash or a server's password", () => {
  it("is nowhere but in the source, the target, and the ledger's bounds and rejects", async () => {
    const house = await furnishedHouse({ canary: CANARY });
    await addManySessions(house.source, 400, CANARY);
    await addSession(house.source, { id: `${CANARY}-collides`, attributes: { user_id: CANARY } });
    await addSession(house.source, { id: `${CANARY}-string`, attributes: { [CANARY]: CANARY } });
    await house.target.set(`session:${CANARY}-string`, "x");
    const dashboard = await house.startDashboard();
    await house.startWorker({ args: ["--log-level", "trace"] });

    // A chunk that fails and is tried again, and one that fails for good, leave their reasons behind.
    await house.source.query("ALTER TABLE session_data RENAME TO hidden");
    await house.source.query(
      "CREATE VIEW session_data AS SELECT 1 / (session_id <> session_id)::int AS session_data_id, * FROM (SELECT session_id, attribute_key, (attribute_value::int)::text AS attribute_value, created_at FROM hidden) t",
    );
    await house.rehome(["start", "--chunk-size", "100", "--order", "id"]);
    await until("a chunk has failed", async () => {
      const status = await house.rehomeJson<Status>(["status"]).catch(() => null);
      return status !== null && status.chunks.failed > 0;
    }).catch(() => undefined);
    const pages = [await everyPage(dashboard.url)];
    await house.source.query("DROP VIEW session_data");
    await house.source.query("ALTER TABLE hidden RENAME TO session_data");
    await until(
      "the run has ended",
      async () => {
        const status = await house.rehomeJson<Status>(["status"]);
        return ["completed", "failed"].includes(status.phase);
      },
      60_000,
    );

    const physical = await migrate(house, "--chunk-size", "100");
    expect(physical.sessions).toMatchObject({ read: 402, migrated: 400, rejected: 2 });
    await house.rehome(["rejects"]);
    await house.rehome(["rejects", "--json"]);
    await house.rehome(["verify", "--mode", "count"]);
    await house.rehome(["verify"]);
    await house.rehome(["runs"]);
    pages.push(await everyPage(dashboard.url));

    const said = `${await house.logs()}\n${pages.join("\n")}`;
    expect(said).toContain("chunk done");
    expect(said).not.toContain(CANARY);
    for (const url of Object.values(house.urls)) expect(said).not.toContain(new URL(url).password);

    const holders = await keysHolding(house.queue, CANARY);
    // Of the order of ids, whose bounds are ids, and not of the physical one, whose bounds are pages.
    const ledgers = holders.filter((key) => key.endsWith(":bounds"));
    expect(ledgers).toHaveLength(1);
    expect(ledgers[0]).not.toContain(physical.run);
    expect(await house.queue.hlen(`{rehome}:run:${physical.run}:bounds`)).toBeGreaterThan(1);
    for (const key of holders)
      expect(key).toMatch(/^\{rehome\}:run:[^:]+:(bounds|rejects:\d+|staged:.*)$/);
  }, 120_000);
});

describe("of servers that fail in mid-run", () => {
  it("nothing is said, at any level of logging, that a driver's error carries", async () => {
    const house = await furnishedHouse({ canary: CANARY });
    await addManySessions(house.source, 3_000, CANARY);
    const dashboard = await house.startDashboard();
    // Whatever is said at a higher level is said at a lower one as well.
    for (const level of ["trace", "debug", "info"])
      await house.startWorker({ args: ["--log-level", level, "--concurrency", "1"] });
    const run = await startSlowly(house);
    const pages: string[] = [];

    // Refused with the command's arguments in hand: ids, fields and values.
    await house.target.config("SET", "maxmemory", "1mb");
    pages.push(await said(house, dashboard.url, run, /OOM/));
    await house.target.config("SET", "maxmemory", "0");
    for (const proxy of Object.values(house.proxies)) {
      for (const bytes of [10, 1_000, 20_000]) {
        proxy.arm({ kind: "cut", direction: "request", afterBytes: bytes });
        proxy.arm({ kind: "cut", direction: "reply", afterBytes: bytes });
      }
    }
    pages.push(await said(house, dashboard.url, run, /ECONNRE|EPIPE/));
    for (const proxy of Object.values(house.proxies)) proxy.disarm();

    // A permission that is lost, which other workers may have.
    await house.target.call("ACL", "SETUSER", "default", "-hset", "-restore", "-evalsha", "-eval");
    pages.push(await said(house, dashboard.url, run, /NOPERM/));
    await house.target.call("ACL", "SETUSER", "default", "+@all");
    // For good, with reason and stack: a value that cannot be cast.
    await house.source.query("ALTER TABLE session_data RENAME TO hidden");
    await house.source.query(
      "CREATE VIEW session_data AS SELECT session_data_id, session_id, attribute_key, (session_id::int)::text AS attribute_value, created_at FROM hidden",
    );
    await until("the run has ended", async () => (await readStatus(house, run)).phase === "failed");
    pages.push(await everyPage(dashboard.url));
    await house.rehome(["retry", run]);
    // A command that holds bounds is refused.
    await house.queue.config("SET", "maxmemory", "1mb");
    await house.rehome(["start", "--chunk-size", "1", "--order", "id"]);
    await house.queue.config("SET", "maxmemory", "0");

    const everything = `${await house.logs()}\n${pages.join("\n")}`;
    expect(everything).toMatch(/source-\w+.*chunk failed/);
    expect(pages.join("\n")).toMatch(/"failedReason":"source: /);
    expect(everything).not.toContain(CANARY);
    for (const url of Object.values(house.urls))
      expect(everything).not.toContain(new URL(url).password);
    for (const key of await keysHolding(house.queue, CANARY))
      expect(key).toMatch(/^\{rehome\}:run:[^:]+:(bounds|rejects:\d+|staged:.*)$/);
  });
});

/** Every page, once the run's notice says so. */
async function said(house: House, dashboard: string, run: string, notice: RegExp): Promise<string> {
  await until(`the notice says ${notice.source}`, async () =>
    notice.test((await readStatus(house, run)).notice ?? ""),
  );
  return await everyPage(dashboard);
}

/** Every page and answer of the dashboard, those of each job and state included. */
async function everyPage(base: string): Promise<string> {
  const paths = ["", "api/me", "api/runs", "healthz", "metrics", "queues", "queues/api/queues"];
  for (const status of ["completed", "failed", "waiting", "delayed", "active"]) {
    paths.push(`queues/api/queues?activeQueue=chunks&status=${status}&page=1&jobsPerPage=100`);
  }
  const texts: string[] = [];
  for (const path of paths) texts.push(await (await fetch(new URL(path, base))).text());
  for (const [, id] of texts.join("\n").matchAll(/"id":"(\d{8}-\d{6}-[a-z0-9]{4}-\w+-\d+)"/g)) {
    for (const path of [`queues/api/queues/chunks/${id}`, `queues/api/queues/chunks/${id}/logs`]) {
      texts.push(await (await fetch(new URL(path, base))).text());
    }
  }
  for (const [, run] of texts.join("\n").matchAll(/"run":"(\d{8}-\d{6}-[a-z0-9]{4})"/g)) {
    texts.push(await (await fetch(new URL(`api/runs/${run}`, base))).text());
    texts.push(await events(new URL(`api/events?run=${run}`, base)));
    texts.push(await (await fetch(new URL(`api/runs/${run}/chunks/0`, base))).text());
  }
  return texts.join("\n");
}

/** What a page is told at first: everything there is. */
async function events(url: URL): Promise<string> {
  let text = "";
  for await (const piece of (await fetch(url)).body ?? []) {
    text += Buffer.from(piece as Uint8Array).toString();
    if (text.includes("event: beat")) break;
  }
  return text;
}

/** Names of the keys that hold the text in their name or anywhere in their value. */
async function keysHolding(redis: Redis, text: string): Promise<string[]> {
  const holding: string[] = [];
  for (const key of await redis.keys("*")) {
    const dump = JSON.stringify(await contents(redis, key));
    if (key.includes(text) || dump.includes(text)) holding.push(key);
  }
  return holding;
}

async function contents(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case "hash":
      return await redis.hgetall(key);
    case "list":
      return await redis.lrange(key, 0, -1);
    case "set":
      return await redis.smembers(key);
    case "zset":
      return await redis.zrange(key, "0", "-1");
    case "stream":
      return await redis.xrange(key, "-", "+");
    default:
      return await redis.get(key);
  }
}
