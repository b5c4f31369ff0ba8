import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import type { House } from "../src/e2e/house.js";
import { addSession } from "../src/e2e/sessions.js";
import { folderWith } from "./folder-fixture.js";
import { bareHouse, furnishedHouse, migrate } from "./house-fixture.js";

interface Plan {
  readonly sessions: { readonly total: number; readonly live: number; readonly expired: number };
  readonly chunks: number;
  readonly chunkSize: number;
  readonly projectedBytes: number | null;
  readonly projectedSeconds: number | null;
  readonly warnings: readonly string[];
}

describe("rehome plan", () => {
  it("tells what a run then does, and how much memory that takes, within a fifth", async () => {
    const house = await bareHouse();
    await house.rehome(["seed", "--users", "2000", "--sessions", "20000"]);
    const plan = await house.rehomeJson<Plan>(["plan", "--chunk-size", "3000"]);
    expect(Object.keys(plan)).toEqual([
      "sessions",
      "chunks",
      "chunkSize",
      "projectedBytes",
      "projectedSeconds",
      "warnings",
    ]);
    expect(plan).toMatchObject({
      sessions: { total: 20_000, live: 19_000, expired: 1_000 },
      chunks: 8,
      chunkSize: 3_000,
      warnings: [],
    });
    expect(plan.projectedSeconds).toBeGreaterThan(0);

    await house.startWorker();
    const before = await usedMemory(house.target);
    const status = await migrate(house, "--chunk-size", "3000");
    expect(status).toMatchObject({
      chunks: { total: 8 },
      sessions: { migrated: 19_000, expired: 1_000 },
    });
    const used = (await usedMemory(house.target)) - before;
    expect((plan.projectedBytes ?? 0) / used).toBeGreaterThan(0.8);
    expect((plan.projectedBytes ?? 0) / used).toBeLessThan(1.2);
  });

  it("needs the source alone and writes nothing anywhere", async () => {
    const house = await furnishedHouse();
    await addSession(house.source, { id: "session-1", attributes: { cart: "1", user_id: "x" } });
    await addSession(house.source, {
      id: "session-2",
      userId: 2,
      expiresAt: "2020-01-01",
      attributes: { cart: "1" },
    });
    await house.source.query(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
    );
    const { code, stdout, stderr } = await house.rehome(["plan"], {
      TARGET_URL: "",
      QUEUE_URL: "",
    });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/2: 1 live, 1 expired/);
    expect(stdout).toMatch(/1 without a row in user_preferences/);
    expect(stdout).toMatch(/1 session, because an attribute has the name of a field/);
    expect(stdout).toMatch(/2 {2}cart\n.*1 {2}user_id {2}collides/);
    expect(stderr).toMatch(/warning: 1 session has an attribute with the name of a field/);
    expect(stdout + stderr).not.toMatch(/ada@|session-/);
    expect(await house.target.dbsize()).toBe(0);
    expect(await house.queue.dbsize()).toBe(0);
  });

  it("of an empty table projects nothing it cannot know", async () => {
    const house = await furnishedHouse();
    expect(await house.rehomeJson<Plan>(["plan"])).toEqual({
      sessions: { total: 0, live: 0, expired: 0 },
      chunks: 0,
      chunkSize: 20_000,
      projectedBytes: null,
      projectedSeconds: null,
      warnings: [],
    });
  });
});

describe("rehome plan shows what a few sessions become, and never an id or a value:", () => {
  const CANARY = "canary-id";
  const planOf = async (house: House, store: unknown) => {
    const folder = await folderWith({ "rehome.config.json": JSON.stringify({ store }) });
    const { code, stdout, stderr } = await house.rehome(["plan"], {}, folder);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout + stderr).not.toContain("canary");
    return stdout;
  };

  it("of a hash its fields by name, as a terminal can show them", async () => {
    const house = await furnishedHouse({ canary: "canary" });
    await addSession(house.source, {
      id: CANARY,
      userAgent: "canary-agent",
      expiresAt: "2099-01-02 03:04:05.678",
      attributes: {
        cart: "canary-value",
        "red\u009b31m": "",
        "gnp.\u202efdp": "",
        "two\nlines": "",
        'say "hi"': "",
      },
    });
    const shown = await planOf(house, "reference");
    expect(shown).toMatch(
      /for example {2}session:<[0-9a-f]{12}>, a hash of 14 fields: user_id, username, email, .*cart.*; expires in [\d,]+ d \d+ h \(2099-01-02T03:04:05\.678Z\)/,
    );
    for (const name of ["red\\u{9b}31m", "gnp.\\u{202e}fdp", "two\\u{a}lines", 'say \\"hi\\"'])
      expect(shown.split(`"${name}"`)).toHaveLength(3);
    expect(shown).not.toMatch(/[\u0080-\u009f\u202e]/);
    expect(shown).toMatch(/table public\.user_sessions, its times without a zone read as /);
  });

  it("of an expiry how long is left, in the zone that counts", async () => {
    const house = await bareHouse();
    await house.source.query(`
      CREATE TABLE login (id text PRIMARY KEY, until timestamp);
      INSERT INTO login SELECT '${CANARY}', now() AT TIME ZONE 'Asia/Tokyo' + interval '3 hours 20 minutes 50 seconds'`);
    const shown = await planOf(house, {
      sessions: { table: "login", id: "id", expires: "until", fields: { until: "until" } },
      zone: "Asia/Tokyo",
    });
    expect(shown).toMatch(/times without a zone read as Asia\/Tokyo/);
    expect(shown).toMatch(/expires in 3 h 20 min \(2/);
  });

  it("of a string its length", async () => {
    const house = await bareHouse();
    await house.source.query(`
      CREATE TABLE session (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamptz NOT NULL);
      INSERT INTO session VALUES ('${CANARY}', '{"user":"canary"}', '2099-01-02 03:04:05.678+00')`);
    const shown = await planOf(house, "connect-pg-simple");
    expect(shown).toMatch(
      /sess:<[0-9a-f]{12}>, a string of 17 bytes; expires in [\d,]+ d \d+ h \(2099-01-02T03:04:05\.678Z\)/,
    );
    expect(shown).not.toMatch(/attributes|read as/);
  });

  it("of ids that hold the prefix the prefix once", async () => {
    const house = await bareHouse();
    await house.source.query(`
      CREATE TABLE sessions (id serial PRIMARY KEY, session_id varchar UNIQUE, data bytea, expiry timestamp);
      INSERT INTO sessions (session_id, data, expiry) VALUES ('session:${CANARY}', '\\xff00', '2099-01-02')`);
    expect(await planOf(house, "flask-session")).toMatch(
      / session:<[0-9a-f]{12}>, a string of 2 bytes; expires in [\d,]+ d \d+ h \(2099-01-02T00:00:00\.000Z\)/,
    );
  });

  it("of ids that are bytes nothing either, and no more than three sessions", async () => {
    const house = await bareHouse();
    await house.source.query(`
      CREATE TABLE login (token bytea PRIMARY KEY, who text, until timestamptz);
      INSERT INTO login SELECT decode(md5(i::text), 'hex') || '${CANARY}', 'canary', '2099-01-02' FROM generate_series(1, 9) i`);
    const shown = await planOf(house, {
      sessions: { table: "login", id: "token", expires: "until", fields: { who: "who" } },
      keyPrefix: "a\u001b[31m:",
    });
    expect(shown.match(/a\\u\{1b\}\[31m:<[0-9a-f]{12}>, a hash of 1 field: who; /g)).toHaveLength(
      3,
    );
  });

  it("where the first sessions are all expired, that none is", async () => {
    const house = await furnishedHouse();
    await addSession(house.source, { id: CANARY, expiresAt: "2020-01-01" });
    expect(await planOf(house, "reference")).toMatch(
      /no session of the first few would be written/,
    );
  });
});

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info("memory"))?.[1]);
}
