import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  findChromium,
  findOtherServers,
  type Machine,
  type PostgresServer,
  ServiceUnavailable,
  startPostgres,
  startRedis,
  withServices,
} from "@rehome/tooling/local-services";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

const SERVICES = new URL("../dist/local-services/index.js", import.meta.url);
const isRoot = process.getuid?.() === 0;

/** Released last in, first out, whatever a test did. */
const releases: (() => Promise<unknown>)[] = [];
function atEnd<T extends { stop(): Promise<void> }>(server: T): T {
  releases.push(() => server.stop());
  return server;
}
afterEach(async () => {
  vi.unstubAllEnvs();
  for (let release = releases.pop(); release !== undefined; release = releases.pop())
    await release();
});

test("both servers answer on 127.0.0.1 to their own password only", async () => {
  await withServices(async ({ postgres, redis }) => {
    expect(await query(postgres.url, "select current_user::text as v")).toBe("rehome");
    expect(await command(redis.url, "PING")).toBe("PONG");
    for (const [server, protocol] of [
      [postgres, "postgres:"],
      [redis, "redis:"],
    ] as const) {
      expect(new URL(server.url)).toMatchObject({
        protocol,
        hostname: "127.0.0.1",
        port: String(server.port),
      });
    }
    await expect(query(wrongPassword(postgres.url), "select 1 as v")).rejects.toMatchObject({
      code: "28P01",
    });
    await expect(command(wrongPassword(redis.url), "PING")).rejects.toThrow(/WRONGPASS|NOAUTH/);
  });
});

test("two Redis servers run side by side, each with its own settings", async () => {
  const queue = atEnd(await startRedis());
  const cache = atEnd(await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] }));
  expect(queue.port).not.toBe(cache.port);
  expect(await command(queue.url, "CONFIG", "GET", "maxmemory-policy")).toEqual([
    "maxmemory-policy",
    "noeviction",
  ]);
  expect(await command(cache.url, "CONFIG", "GET", "maxmemory-policy")).toEqual([
    "maxmemory-policy",
    "allkeys-lru",
  ]);
});

describe("PostgreSQL", () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres({ settings: { work_mem: "7MB" } });
  });
  afterAll(() => postgres.stop());

  test("takes settings, and ours for speed are in force", async () => {
    expect(await query(postgres.url, "select current_setting('work_mem') as v")).toBe("7MB");
    expect(await query(postgres.url, "select current_setting('fsync') as v")).toBe("off");
    expect(await query(postgres.url, "select current_setting('server_encoding') as v")).toBe(
      "UTF8",
    );
  });

  test("copies a database from a template, and ICU can order its text", async () => {
    const original = await postgres.createDatabase("original");
    await query(original, "create table kept as select 42 as v");
    expect(
      await query(
        await postgres.createDatabase("copy", { template: "original" }),
        "select v from kept",
      ),
    ).toBe(42);

    const ordered =
      "select string_agg(t, '' order by t) as v from unnest(array['a', 'B', 'c']) as t";
    expect(await query(postgres.url, ordered)).toBe("Bac");
    expect(await query(postgres.url, ordered.replace("by t", 'by t collate "und-x-icu"'))).toBe(
      "aBc",
    );
    const icu = await postgres.createDatabase("icu", { icuLocale: "und", locale: "C" });
    expect(await query(icu, ordered)).toBe("aBc");
  });
});

test("stop leaves no process and no folder, and may be repeated", async () => {
  for (const server of [await startPostgres(), await startRedis()]) {
    expect(existsSync(server.dir)).toBe(true);
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.dir)).toBe(false);
    await expect(server.restart()).rejects.toThrow("already stopped");
  }
});

test("a given folder is kept, and a second start finds its data and its password again", async () => {
  const dir = await scratchFolder();
  await withServices(
    async ({ postgres, redis }) => {
      await query(postgres.url, "create table kept as select 42 as v");
      await command(redis.url, "SET", "kept", "42");
    },
    { postgres: { dir: join(dir, "pg") }, redis: { dir: join(dir, "redis"), appendonly: true } },
  );
  await withServices(
    async ({ postgres, redis }) => {
      expect(await query(postgres.url, "select v from kept")).toBe(42);
      expect(await command(redis.url, "GET", "kept")).toBe("42");
    },
    { postgres: { dir: join(dir, "pg") }, redis: { dir: join(dir, "redis"), appendonly: true } },
  );
  expect(existsSync(join(dir, "pg", "data", "PG_VERSION"))).toBe(true);
});

test("a restart keeps port and data, also after the server was killed", async () => {
  const postgres = atEnd(await startPostgres());
  const redis = atEnd(await startRedis({ appendonly: true, args: ["--appendfsync", "always"] }));
  await query(postgres.url, "create table kept as select 42 as v");
  await command(redis.url, "SET", "kept", "42");
  for (const end of ["restart", "kill"]) {
    for (const server of [postgres, redis]) {
      const before = server.pid;
      if (end === "kill") process.kill(before, "SIGKILL");
      await server.restart();
      expect(server.pid).not.toBe(before);
    }
    expect(await query(postgres.url, "select v from kept")).toBe(42);
    expect(await command(redis.url, "GET", "kept")).toBe("42");
  }
});

test("a restart changes the settings of PostgreSQL that it is told, and keeps the others", async () => {
  const postgres = atEnd(await startPostgres({ settings: { work_mem: "7MB" } }));
  await postgres.restart({ shared_buffers: "9MB" });
  for (const [name, value] of Object.entries({ work_mem: "7MB", shared_buffers: "9MB" }))
    expect(await query(postgres.url, `select current_setting('${name}') as v`)).toBe(value);
});

test("a parent killed by SIGKILL takes its servers and their folders with it", async () => {
  const { parent, servers } = await parentOfBoth();
  parent.kill("SIGKILL");
  expect(await soon(() => servers.every(({ pid, dir }) => !isAlive(pid) && !existsSync(dir)))).toBe(
    true,
  );
});

test("a parent that forgets to stop its servers can still exit, and they go with it", async () => {
  const { parent, servers } = await parentOfBoth("process.stdin.unref();");
  expect(await soon(() => parent.exitCode === 0)).toBe(true);
  expect(await soon(() => servers.every(({ pid, dir }) => !isAlive(pid) && !existsSync(dir)))).toBe(
    true,
  );
});

test("a supervisor that is killed does not leave its server behind", async () => {
  const redis = atEnd(await startRedis());
  process.kill(Number(processField(redis.pid, "ppid")), "SIGKILL");
  expect(await soon(() => !isAlive(redis.pid))).toBe(true);
  await redis.stop();
  expect(existsSync(redis.dir)).toBe(false);
});

test("a server that does not start says why, with the end of its log, and leaves nothing", async () => {
  const folder = await scratchFolder();
  vi.stubEnv("TMPDIR", folder);
  await expect(startRedis({ args: ["--no-such-setting", "1"] })).rejects.toThrow(/no-such-setting/);
  await expect(startPostgres({ settings: { no_such_setting: "1" } })).rejects.toThrow(
    /no_such_setting/,
  );
  expect(await readdir(folder)).toEqual([]);
});

test("a missing server, or browser, is an error whose hint is the command to run", async () => {
  const cache = await scratchFolder();
  const bare: Machine = { path: "", postgresRoots: [], cache, mayInstall: false, isRoot: false };
  for (const [start, packageName] of [
    [startPostgres, /postgresql/],
    [startRedis, /redis/],
    [({ machine }: { machine: Machine }) => findChromium(machine), /chrom/],
  ] as const) {
    const error: unknown = await start({ machine: bare }).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ServiceUnavailable);
    expect((error as ServiceUnavailable).hint).toMatch(/install/);
    expect((error as ServiceUnavailable).hint).toMatch(packageName);
  }
});

test("a server of another version that cannot be had says why, and leaves nothing half done", async () => {
  const cache = await scratchFolder();
  const bare: Machine = { path: "", postgresRoots: [], cache, mayInstall: false, isRoot: false };
  // Nowhere to download from, as on a machine without a network.
  vi.stubEnv("PIP_NO_INDEX", "1");
  vi.stubEnv("PIP_FIND_LINKS", "");
  const offline = { ...bare, path: process.env["PATH"] ?? "", mayInstall: true };
  for (const machine of [bare, { ...bare, mayInstall: true }, offline]) {
    const servers = await findOtherServers(machine);
    expect(servers.map(({ name }) => name)).toEqual([
      expect.stringContaining("Redis 6.2"),
      expect.stringContaining("Valkey"),
    ]);
    for (const server of servers)
      expect(server).toMatchObject({ binary: null, missing: expect.stringMatching(/\w+ \w+/) });
    expect(await readdir(cache)).toEqual([]);
  }
});

test.runIf(isRoot)("root is told when PostgreSQL's user cannot reach a given folder", async () => {
  const dir = await scratchFolder();
  await chmod(dir, 0o700);
  await expect(startPostgres({ dir: join(dir, "pg") })).rejects.toMatchObject({
    name: "ServiceUnavailable",
    hint: expect.stringContaining("chmod o+x"),
  });
});

// Where others may read this checkout. For an ordinary user every other test is this one.
test.runIf(isRoot && othersCanRead(SERVICES))(
  "an ordinary user can start and stop both servers",
  async () => {
    const home = await scratchFolder();
    await chmod(home, 0o777);
    const nobody = Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }));
    const script = `
    const { withServices } = await import(${JSON.stringify(SERVICES.href)});
    await withServices(async ({ postgres, redis }) => console.log(process.getuid(), postgres.pid > 0, redis.pid > 0));`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: "/",
      uid: nobody,
      gid: nobody,
      env: { PATH: process.env["PATH"], HOME: home, TMPDIR: home },
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(output).toBe(`${nobody} true true\n`);
  },
);

async function query(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0]?.v;
  } finally {
    await client.end();
  }
}

async function command(url: string, name: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null, commandTimeout: 5_000 });
  let refusal: Error | undefined;
  client.on("error", (error) => {
    refusal = error;
  });
  try {
    await client.connect();
    return await client.call(name, ...args);
  } catch (error) {
    // A refused password closes the connection; why is only in the event.
    throw refusal ?? error;
  } finally {
    client.disconnect();
  }
}

function wrongPassword(url: string): string {
  const wrong = new URL(url);
  wrong.password = "wrong";
  return wrong.href;
}

async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rehome-test-"));
  await chmod(folder, 0o755);
  releases.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that starts both servers, tells of them, and then waits on its standard input, unless told otherwise. */
async function parentOfBoth(
  afterwards = "",
): Promise<{ parent: ChildProcess; servers: Started[] }> {
  const script = `
    process.stdin.resume();
    const { startPostgres, startRedis } = await import(${JSON.stringify(SERVICES.href)});
    const servers = [await startPostgres(), await startRedis()];
    console.log(JSON.stringify(servers.map(({ pid, dir }) => ({ pid, dir }))));
    ${afterwards}`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  releases.push(async () => parent.kill("SIGKILL"));
  for await (const line of createInterface({ input: parent.stdout })) {
    return { parent, servers: JSON.parse(line) as Started[] };
  }
  throw new Error("the parent ended before it had started its servers");
}

interface Started {
  pid: number;
  dir: string;
}

/** Whether the condition comes to hold within 10 s. */
async function soon(condition: () => boolean): Promise<boolean> {
  const deadline = Date.now() + 10_000;
  while (!condition() && Date.now() < deadline) await sleep(50);
  return condition();
}

function isAlive(pid: number): boolean {
  // An ended process nobody has waited for is not alive; a container whose first process does not wait keeps such.
  const state = processField(pid, "state");
  return state !== null && !state.startsWith("Z");
}

/** Null when there is no such process. */
function processField(pid: number, field: "state" | "ppid"): string | null {
  if (existsSync("/proc/self/stat")) {
    try {
      // The name, in parentheses, may hold anything.
      const [state = "", ppid = ""] = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      return field === "state" ? state : ppid;
    } catch {
      return null;
    }
  }
  const { status, stdout } = spawnSync("ps", ["-o", `${field}=`, "-p", String(pid)], {
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : null;
}

function othersCanRead(file: URL): boolean {
  try {
    execFileSync("/bin/sh", ["-c", 'test -r "$1"', "sh", fileURLToPath(file)], {
      cwd: "/",
      uid: 65534,
      gid: 65534,
    });
    return true;
  } catch {
    return false;
  }
}
