import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { type House, until } from "../src/e2e/house.js";
import { addManySessions } from "../src/e2e/sessions.js";
import { readTarget } from "../src/e2e/target-contents.js";
import { startRedis } from "../src/local-services/index.js";
import {
  expectCompleted,
  expectWaiting,
  furnishedHouse,
  liftRate,
  migrate,
  readStatus,
  startSlowly,
  untilEnded,
} from "./house-fixture.js";

const SESSIONS = { read: 3_000, migrated: 3_000 };

async function busyHouse(...targetArgs: string[]): Promise<House> {
  const house = await furnishedHouse({ targetArgs });
  await addManySessions(house.source, SESSIONS.read);
  await house.startWorker();
  return house;
}

describe("a run whose target is", () => {
  it("out of memory waits, says so in status and on the dashboard, uses up no attempt, and goes on", async () => {
    const house = await busyHouse();
    const dashboard = await house.startDashboard();
    const run = await startSlowly(house);
    await house.target.config("SET", "maxmemory", "1mb");
    const status = await expectWaiting(house, run, /target: the server is out of memory \(OOM\)/);
    expect(status.notice).toMatch(/maxmemory/);
    const shown = (await (await fetch(`${dashboard.url}api/runs/${run}`)).json()) as object;
    expect(shown).toMatchObject({ notice: status.notice });
    // However often it is tried meanwhile.
    await sleep(2_500);
    await expectWaiting(house, run, /OOM/);
    for (const { fields, expiresAt } of (await readTarget(house.target)).values()) {
      expect(fields).toMatchObject({ user_id: /\d/, cart_json: /n/ });
      expect(expiresAt).toBeGreaterThan(0);
    }
    await house.target.config("SET", "maxmemory", "0");
    await expectCompleted(house, SESSIONS);
  });

  it("loading its data waits until it has", async () => {
    // Of a snapshot, between whose keys the server answers; of an append-only file it does so once in 1,024 commands.
    const snapshot = ["--appendonly", "no", "--save", "3600 1000000"];
    const slowly = ["--key-load-delay", "6000", "--loading-process-events-interval-bytes", "1024"];
    const house = await busyHouse(...snapshot, ...slowly);
    const run = await startSlowly(house);
    await until("there is enough to load", async () => (await house.target.dbsize()) > 500);
    const restarted = house.servers.target.restart();
    await expectWaiting(house, run, /target: the server is loading its data \(LOADING\)/);
    await restarted;
    await expectCompleted(house, SESSIONS);
  });

  it("a replica after a failover waits, and goes on when its address leads to the new master", async () => {
    const house = await busyHouse();
    const other = await startRedis({ appendonly: true });
    const master = new Redis(other.url);
    master.on("error", () => undefined);
    onTestFinished(async () => {
      master.disconnect();
      await other.stop();
    });
    const password = (url: string) => new URL(url).password;
    const old = house.servers.target;
    await master.config("SET", "masterauth", password(old.url));
    await house.target.config("SET", "masterauth", password(other.url));
    await master.replicaof("127.0.0.1", old.port);
    await house.target.config("SET", "repl-diskless-sync-delay", "0");
    await until("it is in sync", async () => /master_link_status:up/.test(await master.info()));
    const run = await startSlowly(house);
    await house.target.call("FAILOVER");
    await expectWaiting(house, run, /target: the server is a replica and takes no writes/);
    expect(await master.role()).toContain("master");
    // The name of the master leads to the other server now, with the same password.
    await master.config("SET", "requirepass", password(old.url));
    house.proxies.target.retarget(other.port);
    await liftRate(house);
    expect(await untilEnded(house)).toMatchObject({
      phase: "completed",
      sessions: SESSIONS,
      notice: null,
    });
    expect((await readTarget(master)).size).toBe(SESSIONS.read);
  });

  it("unable to save its data waits until it can", async () => {
    const house = await busyHouse("--enable-protected-configs", "yes");
    const folder = await mkdtemp(join(tmpdir(), "rehome-misconf-"));
    const run = await startSlowly(house);
    await house.target.config("SET", "dir", folder);
    await rm(folder, { recursive: true });
    await house.target.config("SET", "save", "3600 1000000");
    await house.target.bgsave();
    await expectWaiting(house, run, /target: the server cannot save its data .*\(MISCONF\)/);
    await house.target.config("SET", "dir", house.servers.target.dir);
    await house.target.bgsave();
    await expectCompleted(house, SESSIONS);
  });

  it("busy with a script waits until it is not", async () => {
    const house = await busyHouse("--busy-reply-threshold", "50");
    const run = await startSlowly(house);
    const busy = house.target.eval("while true do end", 0).catch(() => undefined);
    const killer = new Redis(house.servers.target.url, { enableReadyCheck: false });
    onTestFinished(() => killer.disconnect());
    await expectWaiting(house, run, /target: the server is busy with a script \(BUSY\)/);
    await killer.script("KILL");
    await busy;
    await expectCompleted(house, SESSIONS);
  });

  it("killed and out of reach waits until it is there again", async () => {
    const house = await busyHouse();
    const run = await startSlowly(house);
    process.kill(house.servers.target.pid, "SIGKILL");
    await expectWaiting(house, run, /target: .*\((ECONNREFUSED|ECONNRESET|EPIPE)\)/);
    await house.servers.target.restart();
    await expectCompleted(house, SESSIONS);
  });

  it("cut off with its replies unknown loses nothing and counts nothing twice", async () => {
    const house = await busyHouse();
    const run = await startSlowly(house);
    const { target } = house.proxies;
    for (let turn = 0; turn < 30; turn += 1) {
      target.arm({ kind: "reset", when: turn % 2 === 0 ? "after" : "before" });
      target.arm({
        kind: "cut",
        direction: turn % 2 === 0 ? "reply" : "request",
        afterBytes: turn,
      });
    }
    await until("all of them have struck", async () => target.struck.all >= 60, 60_000);
    const status = await expectCompleted(house, { read: SESSIONS.read });
    expect(status.run).toBe(run);
    expect(target.struck.afterActing).toBeGreaterThanOrEqual(30);
  });
});

describe("a verification whose target", () => {
  it("was emptied after the run has no verdict, and says so at once", async () => {
    const house = await busyHouse();
    await migrate(house);
    await house.target.flushall();
    const verified = await house.rehome(["verify"]);
    expect(verified).toMatchObject({ code: 1, stdout: "" });
    expect(verified.stderr).toMatch(/could not be compared/);
    expect(await house.logs()).toMatch(/emptied after the run.*chunk failed/);
    // The run itself had ended well before.
    expect(await readStatus(house)).toMatchObject({ phase: "completed", notice: null });
  });

  it("is away is waited for, and says what for", async () => {
    const house = await busyHouse();
    await migrate(house);
    house.proxies.target.shut();
    const verifying = house.rehome(["verify", "--json"]);
    await until("it says so", async () =>
      house.queue.hget(`${await runKey(house)}:verification`, "waiting"),
    );
    expect((await readStatus(house)).notice).toBeNull();
    house.proxies.target.open();
    const { code, stderr } = await verifying;
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: /waiting: target: / });
  });
});

const runKey = async (house: House) => `{rehome}:run:${(await readStatus(house)).run}`;

describe("a target that may evict sessions", () => {
  it("is refused by the preflight unless that is allowed", async () => {
    const house = await busyHouse("--maxmemory-policy", "allkeys-lru");
    const refused = await house.rehome(["start"]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(/maxmemory-policy is allkeys-lru.*--allow-eviction/);
    expect(await house.target.dbsize()).toBe(0);
    const unsure = await house.rehome(["start"], { REHOME_ALLOW_EVICTION: "false" });
    expect(unsure.code).toBe(2);

    const allowed = await house.rehome(["start", "--wait", "--allow-eviction"]);
    expect(allowed.code).toBe(0);
    expect(allowed.stderr).toMatch(/warning: the target may evict sessions/);
    await expectCompleted(house, SESSIONS);
  });

  it("is said to have done so while a run was copied", async () => {
    const house = await busyHouse("--maxmemory-policy", "volatile-ttl");
    // What expires first goes first, so the sessions stay.
    for (let i = 0; i < 40; i += 1)
      await house.target.set(`junk:${i}`, "x".repeat(100_000), "EX", 60);
    const used = /used_memory:(\d+)/.exec(await house.target.info("memory"))?.[1];
    await house.target.config("SET", "maxmemory", Number(used) - 500_000);
    await house.target.set("junk:last", "x", "EX", 60);
    await house.rehome(["start", "--wait", "--allow-eviction"]);
    const status = await readStatus(house);
    expect(status).toMatchObject({ phase: "completed" });
    expect(status.notice).toMatch(/the target has evicted \d+ keys since the run began/);
  });
});
