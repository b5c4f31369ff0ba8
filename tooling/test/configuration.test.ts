import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../src/e2e/house.js";
import { addSession } from "../src/e2e/sessions.js";
import { readTarget } from "../src/e2e/target-contents.js";
import { type Environment, type Finished, runProgram } from "../src/programs.js";
import { folderWith } from "./folder-fixture.js";
import { bareHouse, furnishedHouse, type Status } from "./house-fixture.js";

async function rehomeIn(
  cwd: string,
  args: readonly string[],
  environment: Environment = {},
): Promise<Finished> {
  return await runProgram("rehome", args, environment, { cwd });
}

interface Configuration {
  readonly file: string | null;
  readonly options: Readonly<Record<string, { value: unknown; source: string }>>;
  readonly urls: Readonly<Record<string, string>>;
}

async function configIn(
  cwd: string,
  args: readonly string[] = [],
  environment: Environment = {},
): Promise<Configuration> {
  const { code, stdout, stderr } = await rehomeIn(cwd, ["config", "--json", ...args], environment);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Configuration;
}

/** One line on stderr, nothing on stdout. */
function expectRefusal({ code, stdout, stderr }: Finished, says: RegExp, exit = 2): void {
  expect(stderr).toMatch(/^[^\n]+\n?$/);
  expect(stderr).toMatch(says);
  expect(stdout).toBe("");
  expect(code).toBe(exit);
}

describe("a value comes from the flag, else the environment, else the file, else the default,", () => {
  it("and config says from where", async () => {
    const folder = await folderWith({
      "rehome.config.json": JSON.stringify({
        start: { chunkSize: 11, maxRate: 12, maxRejects: 13 },
        worker: { lockMs: 1_400, healthPort: 15 },
        dashboard: { port: 16 },
      }),
    });
    const { options } = await configIn(folder, ["--chunk-size", "31", "--port", "36"], {
      REHOME_CHUNK_SIZE: "21",
      REHOME_MAX_RATE: "22",
      REHOME_LOCK_MS: "2400",
      LOG_LEVEL: "warn",
    });
    const expected = {
      "start.chunkSize": [31, "flag"],
      "start.maxRate": [22, "environment REHOME_MAX_RATE"],
      "start.maxRejects": [13, "rehome.config.json"],
      "start.onConflict": ["newer", "default"],
      "worker.lockMs": [2_400, "environment REHOME_LOCK_MS"],
      "worker.healthPort": [15, "rehome.config.json"],
      "worker.logLevel": ["warn", "environment LOG_LEVEL"],
      "worker.concurrency": ["auto", "default"],
      "dashboard.port": [36, "flag"],
      "mapping.renames": [{}, "default"],
    };
    for (const [path, [value, source]] of Object.entries(expected))
      expect(options[path], path).toEqual({ value, source });
  });

  it("by each program", async () => {
    const house = await furnishedHouse();
    for (const [id, expiresAt] of [
      ["a", "2099-01-01"],
      ["b", "2099-01-01"],
      ["c", "2099-01-01"],
    ] as const)
      await addSession(house.source, { id, expiresAt });
    const folder = await folderWith({
      "rehome.config.js":
        'module.exports = { start: { chunkSize: 1 }, worker: { concurrency: 3 }, dashboard: { host: "192.0.2.1" } };',
    });
    const named = { REHOME_CONFIG: join(folder, "rehome.config.js") };

    for (const [args, extra, concurrency] of [
      [[], {}, 3],
      [[], { REHOME_CONCURRENCY: "4" }, 4],
      [["--concurrency", "5"], { REHOME_CONCURRENCY: "4" }, 5],
    ] as const) {
      const worker = await house.startWorker({ args, environment: { ...named, ...extra } });
      expect(worker.ready["concurrency"]).toBe(concurrency);
      if (concurrency < 5) await worker.stop();
    }
    for (const [args, extra, chunks] of [
      [[], {}, 3],
      [[], { REHOME_CHUNK_SIZE: "2" }, 2],
      [["--chunk-size", "3"], { REHOME_CHUNK_SIZE: "2" }, 1],
    ] as const) {
      const { stdout, code } = await house.rehome(
        ["start", "--wait", "--json", "--order", "id", ...args],
        extra,
        folder,
      );
      expect(code).toBe(0);
      expect((JSON.parse(stdout) as Status).chunks.total).toBe(chunks);
    }
    const REHOME_DASHBOARD_HOST = "192.0.2.2";
    const dashboards = await Promise.all([
      runProgram("rehome-dashboard", [], named),
      runProgram("rehome-dashboard", [], { ...named, REHOME_DASHBOARD_HOST }),
      runProgram("rehome-dashboard", ["--host", "192.0.2.3"], { ...named, REHOME_DASHBOARD_HOST }),
    ]);
    for (const [i, finished] of dashboards.entries())
      expectRefusal(finished, new RegExp(`host 192\\.0\\.2\\.${i + 1} is not a loopback`));
  });
});

describe("a mapping in the file", () => {
  it("is what a run writes by, and stays the run's when the file changes and vanishes", async () => {
    const house = await furnishedHouse();
    await house.source.query("SET TimeZone = 'UTC'");
    await addSession(house.source, {
      id: "one",
      expiresAt: "2099-12-31 23:59:59.987",
      attributes: { cart_json: '{"a":1}', other: "x" },
    });
    await addSession(house.source, { id: "bare", userId: 2, expiresAt: "2099-01-01" });
    const folder = await folderWith({
      "rehome.config.ts": `
        const renames: Record<string, string> = { cart_json: "cart_items", email: "mail" };
        export default {
          mapping: {
            timestamps: "epoch-milliseconds",
            booleans: "1/0",
            nulls: { placeholder: "-" },
            attributes: "json",
            renames,
            keyPrefix: "app:s:",
            includeExpiresAt: true,
          },
        } satisfies import("@rehome/config").RehomeConfig;`,
    });
    expect(await house.rehome(["start"], {}, folder)).toMatchObject({ code: 0 });
    const other = await folderWith({
      "rehome.config.ts": 'export default { mapping: { keyPrefix: "other:" } }',
    });
    await rm(join(folder, "rehome.config.ts"));
    await house.startWorker({ environment: { REHOME_CONFIG: join(other, "rehome.config.ts") } });
    await until("the run has ended", async () => {
      const { phase } = await house.rehomeJson<Status>(["status"]);
      return phase === "completed";
    });

    expect(await readTarget(house.target, "other:")).toEqual(new Map());
    const target = await readTarget(house.target, "app:s:");
    const times = {
      session_created_at: String(Date.parse("2026-01-02T03:04:05Z")),
      last_activity_at: String(Date.parse("2026-02-03T04:05:06.123Z")),
    };
    expect([...target.keys()].toSorted()).toEqual(["app:s:bare", "app:s:one"]);
    const { session_specific_attributes: attributes, ...fields } =
      target.get("app:s:one")?.fields ?? {};
    expect(JSON.parse(attributes ?? "")).toEqual({ cart_items: '{"a":1}', other: "x" });
    expect(fields).toMatchObject({
      mail: "ada@example.com",
      ip_address: "-",
      notifications_enabled: "0",
      expires_at: String(Date.parse("2099-12-31T23:59:59.987Z")),
    });
    for (const [name, time] of Object.entries(times))
      expect(fields[name]?.slice(0, time.length)).toBe(time);
    expect(target.get("app:s:bare")?.fields).not.toHaveProperty("session_specific_attributes");
    expect(await house.rehomeJson(["verify", "--mode", "count"])).toMatchObject({
      checked: 2,
      ok: true,
    });
  });
});

describe("a config file is refused, in one line and with nothing written,", () => {
  it("for an unknown key, a wrong value, a wrong type, a URL, or code that does not run", async () => {
    const house = await bareHouse();
    const canary = "canary-in-the-file";
    const cases = [
      [
        "ts",
        `export default { mapping: { timestamp: "iso", nulls: 1 }, TARGET_URL: "redis://:${canary}@h" }`,
        /: mapping\.nulls: must be .*mapping\.timestamp: unknown .*TARGET_URL: .*environment only/,
      ],
      ["json", '{"start":{"chunkSize":"5"}}', /: start\.chunkSize: must be a whole number/],
      ["json", '{"start":{},}', /: cannot be read: .*JSON/],
      ["ts", "export default { start: { }", /: cannot be read: .*Unexpected/],
      ["ts", "throw new Error(process.env.TARGET_URL); export {}", /: cannot be read: …/],
      ["js", "const config = { start: { chunkSize: 5 } }", /no default export/],
    ] as const;
    const refuse = async ([format, text, says]: (typeof cases)[number]) => {
      const folder = await folderWith({ [`rehome.config.${format}`]: text });
      const finished = await house.rehome(["start"], {}, folder);
      expectRefusal(finished, says);
      expect(finished.stderr).toMatch(new RegExp(`^rehome: rehome\\.config\\.${format}: `));
      expect(finished.stderr).not.toContain(canary);
      expect(await readdir(folder)).toEqual([`rehome.config.${format}`]);
    };
    for (let i = 0; i < cases.length; i += 2)
      await Promise.all(cases.slice(i, i + 2).map((one) => refuse(one)));
    expect(await house.queue.dbsize()).toBe(0);
    expect(await house.target.dbsize()).toBe(0);
  });

  it("when there are two, or the one named is not there; and only by what reads it", async () => {
    const two = await folderWith({
      "rehome.config.ts": "export default {}",
      "rehome.config.json": "{}",
    });
    const [both, none, unread, named] = await Promise.all([
      rehomeIn(two, ["start"]),
      rehomeIn(two, ["start", "--config", "none.ts"]),
      rehomeIn(two, ["status"]),
      configIn(two, ["--config", "rehome.config.json"]),
    ]);
    expectRefusal(both, /rehome\.config\.ts and rehome\.config\.json/);
    expectRefusal(none, /no config file "none\.ts/);
    expectRefusal(unread, /QUEUE_URL is not set/);
    expect(named.file).toBe("rehome.config.json");
  });

  it("by the worker and the dashboard as well", async () => {
    const folder = await folderWith({ "a.json": '{"worker":{"concurrency":0}}' });
    const REHOME_CONFIG = join(folder, "a.json");
    for (const finished of await Promise.all([
      runProgram("rehome-worker", [], { REHOME_CONFIG }),
      runProgram("rehome-dashboard", [], { REHOME_CONFIG }),
    ]))
      expectRefusal(finished, /a\.json: worker\.concurrency: must be .* from 1 to 64/);
  });
});

it("nothing but the file named or found is read", async () => {
  const folder = await folderWith({
    ".env": "REHOME_CHUNK_SIZE=1\n",
    ".rehomerc": "start.chunkSize=2\n",
    "package.json": '{"rehome":{"start":{"chunkSize":3}}}',
    "config.ts": "export default { start: { chunkSize: 4 } }",
  });
  const { file, options } = await configIn(folder);
  expect(file).toBeNull();
  expect(options["start.chunkSize"]).toEqual({ value: null, source: "default" });
});

it("config shows where the servers are, and no credentials", async () => {
  const folder = await folderWith();
  const environment = {
    SOURCE_URL: "postgres://canary-user:canary-pw@db.example.com:5433/app?password=canary-pw",
    TARGET_URL: "redis//:canary-pw@host",
    QUEUE_URL: "",
  };
  const shown = await Promise.all(
    [["config"], ["config", "--json"]].map((args) => rehomeIn(folder, args, environment)),
  );
  for (const { code, stdout, stderr } of shown) {
    expect(code).toBe(0);
    expect(stdout).toContain("db.example.com:5433/app");
    expect(`${stdout}${stderr}`).not.toContain("canary");
  }
  expect(JSON.parse(shown[1]?.stdout ?? "")).toHaveProperty("urls", {
    SOURCE_URL: "postgres://db.example.com:5433/app",
    TARGET_URL: "malformed",
    QUEUE_URL: "not set",
  });
});

describe("init", () => {
  it("writes a file that loads and says what holds without one, in each format", async () => {
    const defaults = await configIn(await folderWith());
    const write = async (format: string) => {
      const folder = await folderWith();
      const { code, stdout } = await rehomeIn(folder, ["init", "--format", format]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
      const { file, options } = await configIn(folder);
      expect(file).toBe(`rehome.config.${format}`);
      expect(Object.keys(options)).toEqual(Object.keys(defaults.options));
      for (const [path, option] of Object.entries(options)) {
        // The store says it.
        const source = path === "mapping.keyPrefix" ? "default" : file;
        expect(option, path).toEqual({ value: defaults.options[path]?.value, source });
      }
    };
    await Promise.all(["ts", "js", "json"].map(write));
  });

  it("replaces nothing unless told to, and never makes a second file", async () => {
    const folder = await folderWith({ "rehome.config.ts": "export default {}" });
    const file = join(folder, "rehome.config.ts");
    expectRefusal(await rehomeIn(folder, ["init"]), /config\.ts exists.*--force/, 1);
    const second = await rehomeIn(folder, ["init", "--format", "json", "--force"]);
    expectRefusal(second, /rehome\.config\.ts exists, and only one/, 1);
    expect(await readFile(file, "utf8")).toBe("export default {}");
    expect(await readdir(folder)).toEqual(["rehome.config.ts"]);
    expect(await rehomeIn(folder, ["init", "--force"])).toMatchObject({ code: 0 });
    expect(await readFile(file, "utf8")).toContain("// sessions in a chunk");
  });

  it("writes to the path that is named, in its format", async () => {
    const folder = await folderWith();
    expect(await rehomeIn(folder, ["init", "--config", "my.json"])).toMatchObject({ code: 0 });
    expect(JSON.parse(await readFile(join(folder, "my.json"), "utf8"))).toHaveProperty("mapping");
    const mixed = await rehomeIn(folder, ["init", "--config", "my.js", "--format", "ts"]);
    expectRefusal(mixed, /my\.js would not be read as ts/);
    expect(await readdir(folder)).toEqual(["my.json"]);
  });
});
