import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { addManySessions, addSession } from "../src/e2e/sessions.js";
import { dumpTarget, readTarget } from "../src/e2e/target-contents.js";
import { furnishedHouse, migrate, untilEnded, type Verification } from "./house-fixture.js";

/** Everything of a server but what begins with a prefix, as text. */
async function dumpOthers(redis: Redis, prefix: string): Promise<string> {
  const lines: string[] = [];
  for (const key of await redis.keys("*")) {
    if (key.startsWith(prefix)) continue;
    const dumped = await redis.callBuffer("DUMP", key);
    lines.push(`${key} ${Buffer.from(dumped as Buffer).toString("hex")} ${await redis.pttl(key)}`);
  }
  return lines.toSorted((a, b) => (a < b ? -1 : 1)).join("\n");
}

describe("a queue Redis shared with another application", () => {
  it("keeps that application's BullMQ queues as they were", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 300);
    // As BullMQ stores a queue, under its usual prefix and under the name of ours.
    for (const prefix of ["bull:chunks", "bull:mail", "{rehome2}:chunks"]) {
      await house.queue.hset(
        `${prefix}:meta`,
        "opts.maxLenEvents",
        "10000",
        "version",
        "bullmq:6.7.0",
      );
      await house.queue.hset(`${prefix}:1`, {
        name: "copy",
        data: "{}",
        opts: "{}",
        timestamp: "1",
      });
      await house.queue.lpush(`${prefix}:wait`, "1");
      await house.queue.zadd(`${prefix}:failed`, 1, "2");
    }
    const before = await dumpOthers(house.queue, "{rehome}");
    await house.startWorker();
    const { run } = await migrate(house, "--chunk-size", "50");
    await house.rehome(["verify"]);
    await house.rehome(["start", "--max-rate", "10"]);
    await house.rehome(["pause"]);
    await house.rehome(["cancel"]);
    await house.rehome(["forget", run]);
    expect(await dumpOthers(house.queue, "{rehome}")).toBe(before);
  });
});

describe("a target that holds a million foreign keys", () => {
  it("keeps them as they were, and no start looks through them", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 300);
    for (let i = 0; i < 10; i += 1) {
      await house.target.eval(
        "for i = ARGV[1], ARGV[1] + 99999 do redis.call('SET', 'sess' .. i, i, 'EX', 100000) end",
        0,
        i * 100_000,
      );
    }
    await house.target.hset("session", "not", "ours");
    await house.target.config("RESETSTAT");
    await house.startWorker();
    expect(await migrate(house)).toMatchObject({ sessions: { migrated: 300 } });
    expect(await house.rehomeJson<Verification>(["verify"])).toMatchObject({ ok: true });
    const stats = await house.target.info("commandstats");
    expect(stats).not.toMatch(/cmdstat_(scan|keys|dbsize|flush|randomkey)/);
    expect(await house.target.dbsize()).toBe(1_000_000 + 1 + 300 + 1);
    expect(await house.target.get("sess999999")).toBe("999999");
    expect(await house.rehomeJson<Verification>(["verify", "--mode", "count"])).toMatchObject({
      extra: 0,
      ok: true,
    });
  });
});

describe("jobs altered in Redis", () => {
  it("are refused, and the run is not harmed", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 600);
    const { run } = await house.rehomeJson<{ run: string }>(["start", "--chunk-size", "100"]);
    const alterations = [
      '{"run":"20200101-000000-aaaa","chunk":0}',
      `{"run":"${run}","chunk":4}`,
      `{"run":"${run}","chunk":"2"}`,
      `{"run":"${run}","chunk":3,"__proto__":{"chunk":1}}`,
      "[]",
    ];
    for (const [chunk, data] of alterations.entries()) {
      await house.queue.hset(`{rehome}:chunks:${run}-copy-${chunk}`, "data", data);
    }
    await house.startWorker();
    expect(await untilEnded(house)).toMatchObject({
      phase: "completed",
      chunks: { waiting: 0, failed: 0 },
      sessions: { read: 600, migrated: 600 },
    });
    expect((await readTarget(house.target)).size).toBe(600);
  });
});

describe("a worker whose clock is an hour off", () => {
  it("comes to the same outcomes", async () => {
    const house = await furnishedHouse();
    const inMinutes = (minutes: number) => `localtimestamp + interval '${minutes} minutes'`;
    for (const [id, minutes] of Object.entries({ ended: -30, soon: 30, later: 90 })) {
      await addSession(house.source, { id });
      await house.source.query(
        `UPDATE user_sessions SET expires_at = ${inMinutes(minutes)} WHERE session_id = $1`,
        [id],
      );
    }
    const shifted = (ms: number) => {
      const script = `const D = Date, now = D.now; globalThis.Date = class extends D { constructor(...a) { a.length ? super(...a) : super(now() + ${ms}) } static now() { return now() + ${ms} } };`;
      return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` };
    };
    const dumps = new Set<string>();
    for (const ms of [0, 3_600_000, -3_600_000]) {
      const worker = await house.startWorker({ environment: shifted(ms) });
      expect(await migrate(house)).toMatchObject({
        sessions: { read: 3, migrated: 2, expired: 1 },
      });
      expect(await house.rehomeJson<Verification>(["verify"])).toMatchObject({
        matched: 2,
        expired: 1,
        ok: true,
      });
      await worker.stop();
      dumps.add(await dumpTarget(house.target));
      await house.target.del("session:soon", "session:later");
    }
    expect(dumps.size).toBe(1);
  });
});

describe("a config with hostile names", () => {
  it("of fields writes them as they are, and of tables or columns is refused", async () => {
    const house = await furnishedHouse();
    await addSession(house.source, { id: "one", attributes: { cart: "1" } });
    const folder = await mkdtemp(join(tmpdir(), "rehome-config-"));
    const file = join(folder, "rehome.config.json");
    const nasty = '"; DROP TABLE users; --\r\nFLUSHALL\r\n';
    try {
      const renames = { cart: nasty, username: "$(reboot)", theme: "{}" };
      const mapping = { renames, keyPrefix: "*[?]\\'\r\n:" };
      await writeFile(file, JSON.stringify({ mapping }));
      await house.startWorker();
      expect((await house.rehome(["start", "--wait", "--config", file])).code).toBe(0);
      expect(await house.target.hgetall(`${mapping.keyPrefix}one`)).toMatchObject({
        [nasty]: "1",
        "$(reboot)": "ada",
        "{}": "dark",
      });
      expect(await house.rehomeJson<Verification>(["verify", "--mode", "count"])).toMatchObject({
        matched: 1,
        extra: 0,
      });
      const { rows } = await house.source.query("SELECT count(*)::int AS users FROM users");
      expect(rows).toEqual([{ users: 2 }]);

      await writeFile(
        file,
        JSON.stringify({ mapping: { tables: { users: "users; DROP TABLE users" } } }),
      );
      const refused = await house.rehome(["start", "--config", file]);
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toMatch(/mapping/);
      expect(refused.stderr).not.toContain("DROP TABLE");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("hostile ids, names and values", () => {
  it("arrive byte for byte", async () => {
    const house = await furnishedHouse();
    const nasty = [
      "'; DROP TABLE users; --",
      "\\'; --",
      "*3\r\n$3\r\nSET\r\n",
      "\u0001\u0002",
      "{}",
      "__proto__",
      "constructor",
      "%s %d $1 ${x}",
      "ünï 🧳",
      " ",
      "a".repeat(250),
    ];
    for (const text of nasty) {
      await addSession(house.source, {
        id: text,
        userAgent: text,
        attributes: { [text]: text, [`${text}!`.slice(-255)]: "x".repeat(512 * 1024) },
      });
    }
    await house.startWorker();
    expect(await migrate(house, "--chunk-size", "2")).toMatchObject({
      sessions: { read: nasty.length, migrated: nasty.length },
    });
    const target = await readTarget(house.target);
    for (const text of nasty) {
      const fields = target.get(`session:${text}`)?.fields ?? {};
      expect(fields["user_agent"]).toBe(text);
      expect(Object.entries(fields).find(([name]) => name === text)?.[1]).toBe(text);
    }
    expect(await house.rehomeJson<Verification>(["verify"])).toMatchObject({
      matched: nasty.length,
      ok: true,
    });
  });
});
