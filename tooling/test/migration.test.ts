import { describe, expect, it } from "vitest";
import { addManySessions, addSession } from "../src/e2e/sessions.js";
import { dumpTarget, readTarget } from "../src/e2e/target-contents.js";
import { furnishedHouse, migrate, type Status } from "./house-fixture.js";

const FIELDS = {
  user_id: "1",
  username: "ada",
  email: "ada@example.com",
  session_created_at: "2026-01-02T03:04:05.000006Z",
  last_activity_at: "2026-02-03T04:05:06.123456Z",
  theme: "dark",
  language: "fr",
  notifications_enabled: "false",
};

describe("a migration", () => {
  it("writes each session as one hash with its expiry, to the microsecond and the millisecond", async () => {
    const house = await furnishedHouse();
    await house.source.query("SET TimeZone = 'UTC'");
    await addSession(house.source, {
      id: "Plain/1",
      ipAddress: "2001:db8::1",
      userAgent: "agent ü",
      expiresAt: "2099-12-31 23:59:59.987",
      attributes: {
        cart_json: '{"a":1}',
        "": "empty name",
        nothing: null,
        __proto__: "p",
        emoji: "🧳",
      },
    });
    await addSession(house.source, {
      id: "no preferences",
      userId: 2,
      createdAt: null,
      lastActivityAt: null,
    });
    await house.startWorker();
    expect(await migrate(house)).toMatchObject({
      phase: "completed",
      sessions: { read: 2, migrated: 2 },
    });

    const target = await readTarget(house.target);
    expect(target.get("session:Plain/1")).toEqual({
      fields: {
        ...FIELDS,
        ip_address: "2001:db8::1",
        user_agent: "agent ü",
        cart_json: '{"a":1}',
        "": "empty name",
        emoji: "🧳",
      },
      expiresAt: Date.parse("2099-12-31T23:59:59.987Z"),
    });
    expect(target.get("session:no preferences")?.fields).toEqual({
      user_id: "2",
      username: "bob",
      email: "bob@example.com",
    });
  });

  it("takes attributes of 5 MB and 3,000 of them", async () => {
    const house = await furnishedHouse();
    const large = "ü".repeat(2_500_000);
    await addSession(house.source, { id: "large", attributes: { large } });
    const many = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, i) => [`key ${i}`, `value ${i}`]),
    );
    await addSession(house.source, { id: "many", attributes: many });
    await house.startWorker();
    await migrate(house);
    expect((await house.target.hget("session:large", "large")) === large).toBe(true);
    expect(await house.target.hgetall("session:many")).toEqual({ ...FIELDS, ...many });
  });

  it("rejects what cannot be represented, says why, and takes the rest of the chunk", async () => {
    const house = await furnishedHouse();
    await addSession(house.source, { id: "good" });
    await addSession(house.source, { id: "collides", attributes: { user_id: "2" } });
    await addSession(house.source, { id: "collides with null", attributes: { ip_address: "x" } });
    await addSession(house.source, { id: "for ever", expiresAt: "infinity" });
    await addSession(house.source, { id: "never active", lastActivityAt: "-infinity" });
    await addSession(house.source, { id: "before Christ", createdAt: "0044-03-15 BC" });
    await addSession(house.source, { id: "a string" });
    await house.target.set("session:a string", "untouched");
    await addSession(house.source, { id: "long ago", expiresAt: "-infinity" });
    await house.startWorker();

    const status = await migrate(house);
    expect(status).toMatchObject({
      phase: "completed",
      sessions: { read: 8, migrated: 1, kept: 0, expired: 1, rejected: 6 },
    });
    const rejects = await house.rehomeJson<{ fingerprint: string; code: string }[]>(["rejects"]);
    expect(rejects.map(({ code }) => code).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "field-collision",
      "field-collision",
      "time-out-of-range",
      "time-out-of-range",
      "time-out-of-range",
      "wrong-type",
    ]);
    for (const { fingerprint } of rejects) expect(fingerprint).toMatch(/^[0-9a-f]{12}$/);
    expect(await house.target.get("session:a string")).toBe("untouched");
    expect([...(await readTarget(house.target)).keys()]).toEqual(["session:good"]);
  });

  it("replaces an older copy whole, keeps a newer one, and removes that of an ended session", async () => {
    const house = await furnishedHouse();
    for (const id of ["older", "newer", "garbled"]) await addSession(house.source, { id });
    await addSession(house.source, { id: "ended", expiresAt: "2020-01-01" });
    const copies = {
      older: { stale: "field", last_activity_at: "2026-02-03T04:05:06.123455Z" },
      newer: { stale: "field", last_activity_at: "2026-02-03T04:05:06.123457Z" },
      garbled: { stale: "field", last_activity_at: "yesterday" },
      ended: { stale: "field", last_activity_at: "2019-12-31T00:00:00.000000Z" },
    };
    for (const [id, fields] of Object.entries(copies))
      await house.target.hset(`session:${id}`, fields);
    await house.startWorker();

    const status = await migrate(house);
    expect(status.sessions).toMatchObject({ migrated: 1, kept: 2, expired: 1, rejected: 0 });
    expect(status.notice).toMatch(/1 sessions were kept because their last_activity_at/);
    expect(await house.target.hgetall("session:older")).toEqual(FIELDS);
    expect(await house.target.pttl("session:older")).toBeGreaterThan(0);
    expect(await house.target.hgetall("session:newer")).toEqual(copies.newer);
    expect(await house.target.hgetall("session:garbled")).toEqual(copies.garbled);
    expect(await house.target.exists("session:ended")).toBe(0);
  });

  it("done twice changes nothing and gives the same counts", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 1_000);
    await addSession(house.source, { id: "collides", attributes: { theme: "x" } });
    await house.startWorker();
    for (const policy of ["newer", "keep", "replace"]) {
      const first = await migrate(house, "--chunk-size", "100", "--on-conflict", policy);
      expect(first.sessions).toMatchObject({ read: 1_001, migrated: 1_000, rejected: 1 });
      const before = await dumpTarget(house.target);
      const second = await migrate(house, "--chunk-size", "77", "--on-conflict", policy);
      expect(second.sessions).toEqual(first.sessions);
      expect(await dumpTarget(house.target)).toBe(before);
    }
  });

  it("of an empty table is a completed run of nothing", async () => {
    const house = await furnishedHouse();
    const { code } = await house.rehome(["start", "--wait"]);
    expect(code).toBe(0);
    expect(await house.rehomeJson<Status>(["status"])).toMatchObject({
      phase: "completed",
      chunks: { total: 0 },
      sessions: { planned: 0, read: 0 },
    });
  });

  it("cuts as many chunks as are needed, and plans them all", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 1_000);
    await house.startWorker();
    const status = await migrate(house, "--chunk-size", "100", "--order", "id");
    expect(status.chunks).toEqual({ total: 10, waiting: 0, active: 0, done: 10, failed: 0 });
    expect(status.sessions.planned).toBe(1_000);
  });

  it("keeps to its rate", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 3_000);
    await house.startWorker();
    const started = Date.now();
    await migrate(house, "--chunk-size", "500", "--max-rate", "2000");
    // The first batches are free, the others wait for what came before them: a lower bound, whatever the machine.
    expect(Date.now() - started).toBeGreaterThan(500);
  });
});

describe("time zones", () => {
  it("of the workers do not matter, and the server's does", async () => {
    const house = await furnishedHouse();
    await house.source.query(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone = ''Asia/Tokyo''', current_database()); END $$",
    );
    // Summer and winter, so that a worker's zone with daylight saving would show.
    await addSession(house.source, {
      id: "summer",
      createdAt: "2026-07-01 12:00:00.5",
      expiresAt: "2099-07-01 09:00:00.001",
    });
    await addSession(house.source, {
      id: "winter",
      createdAt: "2026-01-01 00:30:00",
      expiresAt: "2099-01-01 09:00:00.001",
    });
    const dumps = [];
    for (const TZ of ["America/New_York", "Asia/Kolkata"]) {
      const worker = await house.startWorker({ environment: { TZ } });
      await migrate(house, "--on-conflict", "replace");
      await worker.stop();
      const target = await readTarget(house.target);
      expect(target.get("session:summer")?.fields["session_created_at"]).toBe(
        "2026-07-01T03:00:00.500000Z",
      );
      expect(target.get("session:winter")?.fields["session_created_at"]).toBe(
        "2025-12-31T15:30:00.000000Z",
      );
      expect(target.get("session:summer")?.expiresAt).toBe(Date.parse("2099-07-01T00:00:00.001Z"));
      dumps.push(await dumpTarget(house.target));
      await house.target.del("session:summer", "session:winter");
    }
    expect(dumps[0]).toBe(dumps[1]);
  });
});
