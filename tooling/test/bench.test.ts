import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { Redis } from "ioredis";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import type { Measured } from "../src/bench/measure.js";
import { familySeconds } from "../src/bench/processor-time.js";
import { median, ratioOf, renderTable } from "../src/bench/table.js";
import { createDatabase, startRedis } from "../src/local-services/index.js";

const MAIN = fileURLToPath(new URL("../dist/bench/main.js", import.meta.url));
const RESULTS = fileURLToPath(new URL("../bench/RESULTS.md", import.meta.url));

/** By the heading of their store's part. */
const WAYS = {
  "The reference store": [
    "textbook",
    "one-liner, as first written",
    "one-liner: psql",
    "Go program",
    "2 workers, newer",
    "1 worker, newer",
    "8 workers, newer",
    "2 workers, replace",
    "by HSET",
  ],
  "connect-pg-simple": [
    "textbook",
    "one-liner: psql",
    "Go program",
    "2 workers, newer",
    "1 worker, newer",
    "8 workers, newer",
    "100,000 a chunk",
  ],
};
type Heading = keyof typeof WAYS;

test(
  "every way to move a store leaves the same sessions, and has its line in the store's part of the results and no other",
  { timeout: 240_000 },
  async () => {
    const results = await resultsFile();
    const other = "## connect-pg-simple: one table, strings\n\nas it was";
    await writeFile(results, `## The reference store: four tables, hashes\n\nold\n\n${other}\n`);
    const size = ["--sessions", "3000", "--users", "700", "--rounds", "1", "--results", results];
    // It throws, and exits with 1, where a way leaves other sessions, values or expiries than the source has.
    const { stdout: first } = await execa(process.execPath, [
      MAIN,
      "--store",
      "reference",
      ...size,
    ]);
    expectEveryWay(first, ["The reference store"]);
    const section = first.slice(first.indexOf("## ")).trim();
    const report = await readFile(results, "utf8");
    expect(report).toContain(`${section}\n\n${other}`);
    expect(report).not.toContain("old");
    const args = [MAIN, "--store", "connect-pg-simple", ...size];
    const { stdout: second } = await execa(process.execPath, args);
    expectEveryWay(second, ["connect-pg-simple"]);
    expectEveryWay(await readFile(results, "utf8"));
    expect(await readFile(results, "utf8")).toContain(section);
  },
);

test(
  "cold turns are measured beside the floor, with what each reads from the disk, and recorded beside the warm ones",
  { timeout: 120_000 },
  async () => {
    const results = await resultsFile();
    const warm = "## connect-pg-simple: one table, strings\n\nas it was";
    await writeFile(results, `${warm}\n`);
    const size = ["--sessions", "3000", "--users", "700", "--rounds", "1", "--results", results];
    const args = [MAIN, "--cold", "--store", "connect-pg-simple", ...size];
    const { stdout } = await execa(process.execPath, args);
    const [, section = ""] = stdout.split("## connect-pg-simple: one table, strings (cold)\n");
    for (const way of ["floor", "textbook", "one-liner: psql", "2 workers, newer"])
      expect(section).toMatch(new RegExp(`^\\| [^|]*${way}[^|]* \\| [\\d,]+ `, "m"));
    expect(section).toContain("MB read from the disk per million");
    expect(section).toMatch(/\*\*[\d.]+×\*\* the floor, /);
    expect(section).toMatch(
      /\(cgroup v[12]\), of which 16MB were shared|memory was not limited \(/,
    );
    expect(await readFile(results, "utf8")).toContain(`${warm}\n\n## connect-pg-simple`);
  },
);

test.runIf(existsSync("/dev/shm"))(
  "a cold run is refused where its tables lie in memory, or on servers of others",
  async () => {
    const folder = await mkdtemp("/dev/shm/rehome-bench-test-");
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o711);
    const told = await execa(process.execPath, [MAIN, "--cold"], {
      env: { TMPDIR: folder },
      reject: false,
    });
    expect(told).toMatchObject({ exitCode: 1, stdout: "" });
    expect(told.stderr).toMatch(/^bench: --cold cannot .* lies in memory \(tmpfs\)\. Set TMPDIR/m);
    expect(await readdir(folder)).toEqual([]);
    const given = await execa(process.execPath, [MAIN, "--cold", "--given-servers"], {
      reject: false,
    });
    expect(given).toMatchObject({ exitCode: 2, stdout: "" });
    expect(given.stderr).toMatch(/^--cold needs servers that the benchmark starts\n/);
  },
);

test(
  "the fastest ways are measured with every server far away, beside their own speed without delay",
  { timeout: 120_000 },
  async () => {
    const results = await resultsFile();
    const size = ["--sessions", "2000", "--users", "500", "--rounds", "1", "--results", results];
    const args = [MAIN, "--latency", "2", "--store", "connect-pg-simple", ...size];
    const { stdout } = await execa(process.execPath, args);
    const [, section = ""] = stdout.split("## connect-pg-simple: one table, strings (latency)\n");
    expect(section).toMatch(/^\| [^|]* \| 0 ms +\| 2 ms +\|$/m);
    for (const way of ["one-liner: psql", "Rehome, 2 workers, newer"])
      expect(section).toMatch(
        new RegExp(`^\\| ${way}[^|]* \\| [\\d,]+ +\\| [\\d,]+ \\([\\d.]+×\\) +\\|$`, "m"),
      );
    expect(section).toMatch(/a PING of the target took [\d.]+ ms at 0 ms, /);
    expect(await readFile(results, "utf8")).toContain(section.trim());
  },
);

test("latencies that are none are refused, and so are those of servers of others or of cold ones", async () => {
  for (const [args, why] of [
    [["--latency", "5,fast"], "--latency takes milliseconds, such as 5 or 5,20,50"],
    [["--latency", "0"], "--latency takes milliseconds, such as 5 or 5,20,50"],
    [["--latency", "5", "--cold"], "--cold and --latency are measured one after the other"],
    [["--latency", "5", "--given-servers"], "--latency needs servers that the benchmark starts"],
  ] as const) {
    const told = await execa(process.execPath, [MAIN, ...args], { reject: false });
    expect(told).toMatchObject({ exitCode: 2, stdout: "" });
    expect(told.stderr.startsWith(`${why}\n`)).toBe(true);
  }
});

test("an unknown store is refused with those that there are", async () => {
  const told = await execa(process.execPath, [MAIN, "--store", "redis"], { reject: false });
  expect(told).toMatchObject({ exitCode: 2, stdout: "" });
  expect(told.stderr).toMatch(/^unknown store \(there are: reference, connect-pg-simple\)\n/);
});

/** Beyond what a server of one's own is like: other users, a database with a number, passwords to be encoded, a zone. */
test(
  "given servers are measured as well, and left as they were",
  { timeout: 180_000 },
  async () => {
    const password = "p@ss/w:rd %41";
    const given = await startGiven();
    const name = given.name;
    await given.admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    await given.admin.query(`ALTER DATABASE ${name} OWNER TO ${name}`);
    await given.admin.query(`ALTER DATABASE ${name} SET TimeZone = 'Asia/Tokyo'`);
    await given.target.call("ACL", ["SETUSER", name, "on", `>${password}`, "~*", "&*", "+@all"]);
    const [source, target] = [new URL(given.urls.SOURCE_URL), new URL(given.urls.TARGET_URL)];
    for (const url of [source, target]) {
      url.username = name;
      url.password = encodeURIComponent(password);
    }
    target.pathname = "/2";
    const urls = { ...given.urls, SOURCE_URL: source.href, TARGET_URL: target.href };
    const recorded = await readFile(RESULTS, "utf8");

    const { exitCode, stdout, stderr } = await benchGiven(urls, "--store", "connect-pg-simple");
    expect(exitCode, stderr).toBe(0);
    expectEveryWay(stdout, ["connect-pg-simple"]);
    expect(stdout).toMatch(/ [\d.]+ \/ – \/ – /);
    expect(stdout).toContain(`SOURCE_URL postgres://${source.host}/${name}, `);
    for (const url of Object.values(urls))
      for (const secret of [new URL(url).password, decodeURIComponent(new URL(url).password)])
        expect(stdout + stderr).not.toContain(secret);
    expect(await readFile(RESULTS, "utf8")).toBe(recorded);
    // What was moved may be replaced by another time, and other tables of one's own never.
    await given.source.query("COMMENT ON TABLE session IS NULL");
    const refused = await benchGiven(urls, "--store", "connect-pg-simple");
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toContain("bench: source: table session was not made by this benchmark");
    expect((await given.source.query("SELECT FROM session")).rowCount).toBe(300);
    for (const redis of [given.target, given.queue])
      expect(await redis.info("keyspace")).not.toContain("db");
    expect(await given.target.call("ACL", ["USERS"])).toEqual(["default", name].toSorted());
  },
);

test("given servers that hold what is not the benchmark's are refused and left alone", async () => {
  const { urls, source, target, queue } = await startGiven();
  for (const [variable, redis] of [
    ["TARGET_URL", target],
    ["QUEUE_URL", queue],
  ] as const) {
    // In another database than that of the URL.
    await redis.select(5);
    await redis.set("precious", "1");
    const refused = await benchGiven(urls);
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      new RegExp(`^bench: ${variable}: redis://127.0.0.1:\\d+/0 holds keys \\(1 in database 5\\)`),
    );
    expect(await redis.get("precious")).toBe("1");
    await redis.del("precious");
  }
  const tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
  expect((await source.query(tables)).rowCount).toBe(0);
  await source.query("CREATE TABLE users AS SELECT 1 AS user_id");
  const refused = await benchGiven(urls);
  expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
  expect(refused.stderr).toContain("table users was not made by rehome seed, and is left alone");
  expect((await source.query("SELECT FROM users")).rowCount).toBe(1);
  expect((await source.query(tables)).rowCount).toBe(1);
});

test("given servers that are not named, one server or away are refused, in words without a password", async () => {
  const { urls } = await startGiven();
  const { TARGET_URL, ...rest } = urls;
  expect(await benchGiven(rest)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("bench: TARGET_URL is not set. Set all three"),
  });
  expect(await benchGiven({ ...urls, QUEUE_URL: TARGET_URL })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("bench: QUEUE_URL and TARGET_URL name one server"),
  });
  for (const [url, why] of [
    ["redis://:secret@127.0.0.1:1/0", "ECONNREFUSED"],
    [new URL("/0", TARGET_URL).href.replace(/:[^:]*@/, ":secret@"), "WRONGPASS"],
    [new URL("/99", TARGET_URL).href, "out of range"],
  ] as const) {
    const { exitCode, stderr } = await benchGiven({ ...urls, TARGET_URL: url });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^bench: TARGET_URL: redis://127.0.0.1.* cannot be used .*${why}`),
    );
    expect(stderr).not.toContain(new URL(url).password);
  }
});

async function resultsFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rehome-bench-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "results.md");
}

/** And no other store's. */
function expectEveryWay(report: string, stores = Object.keys(WAYS) as Heading[]): void {
  const sections = report.split(/^## /m).slice(1);
  expect(sections).toHaveLength(stores.length);
  for (const [i, store] of stores.entries()) {
    expect(sections[i]?.startsWith(store)).toBe(true);
    for (const way of WAYS[store]) {
      const line = `\\| [^|]*${way}[^|]* \\| [\\d,]+ `;
      // There may be no Go here.
      const absence = way === "Go program" ? `|- Skipped, since .*: ${way}` : "";
      expect(sections[i]).toMatch(new RegExp(`^(${line}${absence})`, "m"));
    }
  }
}

/** An empty database and two empty Redis servers. */
async function startGiven() {
  const name = `bench_${process.pid}_${(databases += 1)}`;
  const server = new URL("/", inject("postgresUrl")).href;
  const [target, queue] = [await startRedis(), await startRedis({ appendonly: true })];
  for (const one of [target, queue]) onTestFinished(() => one.stop());
  const urls = {
    SOURCE_URL: await createDatabase(server, name),
    QUEUE_URL: queue.url,
    TARGET_URL: target.url,
  };
  const open = (url: string): Redis => {
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    return redis;
  };
  const admin = await connect(`${server}postgres`);
  const source = await connect(urls.SOURCE_URL);
  return { urls, name, admin, source, target: open(target.url), queue: open(queue.url) };
}

let databases = 0;

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

async function benchGiven(urls: Readonly<Record<string, string>>, ...args: string[]) {
  const { PATH, HOME } = process.env;
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [MAIN, "--sessions", "300", "--users", "70", "--rounds", "1", "--given-servers", ...args],
    { env: { PATH, HOME, ...urls }, extendEnv: false, reject: false },
  );
  return { exitCode, stdout, stderr };
}

const turn = (seconds: number): Measured => ({
  moved: 1_000,
  seconds,
  loaderSeconds: seconds / 2,
  peakBytes: null,
  postgresSeconds: null,
  redisSeconds: 0.001,
  bytesPerSession: 600,
  bytesRead: null,
});

test("what children have spent stays counted when they end", async () => {
  const child = "i=0; while [ $i -lt 30000 ]; do i=$((i + 1)); done";
  const parent = spawn("bash", ["-c", `while :; do bash -c '${child}'; done`]);
  onTestFinished(() => void parent.kill());
  const readings: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    readings.push(familySeconds(parent.pid!)!);
    await sleep(5);
  }
  expect(readings).toEqual(readings.toSorted((a, b) => a - b));
  expect(readings.at(-1)).toBeGreaterThan(0);
});

test("ratios are of medians, and what could not be measured is a dash", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  const [fast, slow] = [
    [turn(1), turn(2), turn(9)],
    [turn(5), turn(4), turn(6)],
  ];
  expect(ratioOf(fast, slow)).toBe(2.5);
  const table = renderTable(
    [
      { name: "fast", turns: fast },
      { name: "slow", turns: slow },
    ],
    "slow",
    1_000,
  );
  const cells = table.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells.slice(2).map((line) => line.slice(1, -1))).toEqual([
    ["fast", "500 (111–1,000)", "2.50×", "1000.0 / – / 1.0", "600", "–"],
    ["slow", "200 (167–250)", "1.00×", "2500.0 / – / 1.0", "600", "–"],
  ]);
  expect(new Set(table.split("\n").map((line) => line.length)).size).toBe(1);
});
