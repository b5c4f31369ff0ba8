import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProgram } from "../src/programs.js";
import {
  CONNECT_PG_SIMPLE,
  type Database,
  databaseWith,
  LARAVEL,
  LOGIN,
} from "./database-fixture.js";
import { folderWith } from "./folder-fixture.js";

/** Writes a config in a folder of its own, and gives its text and what was said. */
async function initIn(database: Database, args: readonly string[] = []) {
  const folder = await folderWith();
  const { code, stdout, stderr } = await database.rehome(["init", ...args], folder);
  expect(code, stderr).toBe(0);
  const [name = ""] = await readdir(folder);
  const text = await readFile(join(folder, name), "utf8");
  expect(text + stdout + stderr).not.toContain("canary");
  return { folder, name, text, stdout, stderr };
}

async function expectPlan(database: Database, folder: string, says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await database.rehome(["plan"], folder);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(says);
  expect(stdout + stderr).not.toContain("canary");
}

async function expectRefused(database: Database, folder: string, says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await database.rehome(["plan"], folder);
  expect(stderr).toMatch(/^[^\n]+\n?$/);
  expect(stderr).toMatch(says);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
}

describe("rehome init writes, for a store that it knows,", () => {
  it("a config that a plan works with at once, in each format", async () => {
    const database = await databaseWith(CONNECT_PG_SIMPLE);
    const write = async (format: string) => {
      const { folder, name, stderr } = await initIn(database, ["--format", format]);
      expect(name).toBe(`rehome.config.${format}`);
      expect(stderr).toMatch(/found connect-pg-simple in table session/);
      expect(/check store\.zone: .*expire/.test(stderr)).toBe(format === "json");
      await expectPlan(
        database,
        folder,
        /connect-pg-simple: table public\.session, .*\n.*9: 9 live/,
      );
    };
    await Promise.all(["ts", "js", "json"].map(write));
    const { stdout } = await database.rehome(["init", "--json"], await folderWith());
    expect(JSON.parse(stdout)).toEqual({ file: "rehome.config.ts", store: "connect-pg-simple" });
  });

  it("its options, its traps at the options they are about, and no option twice or without use", async () => {
    const { text } = await initIn(await databaseWith(CONNECT_PG_SIMPLE));
    expect(text).toMatch(
      / {2}\/\/ The expiry is the column's: .*\n {2}store: \{\n {4}preset: "connect-pg-simple",/,
    );
    expect(text).toMatch(/ {4}\/\/ `keyPrefix` is the `prefix` of .*\n {4}keyPrefix: "sess:",/);
    expect(text).toMatch(
      /times in expire, which have none[^]*set `zone` where[^]*\n {4}zone: "server",/,
    );
    expect(text.match(/keyPrefix:/g)).toHaveLength(1);
    expect(text).not.toMatch(/timestamps:|renames:|lifetimeSeconds/);
    expect(text).toMatch(/maxSessionBytes: \d+/);
    expect(
      Math.max(
        ...text
          .split("\n")
          .slice(0, 30)
          .map((line) => line.length),
      ),
    ).toBeLessThan(121);
  });

  it("null for what only the operator knows, which is refused by its path until it is filled in", async () => {
    const database = await databaseWith(LARAVEL);
    for (const format of ["ts", "json"]) {
      const { folder, name, text, stderr } = await initIn(database, ["--format", format]);
      expect(stderr).toMatch(/fill in store\.lifetimeSeconds: .*SESSION_LIFETIME times 60/);
      await expectRefused(
        database,
        folder,
        /: store\.lifetimeSeconds: must be given .*times 60\. Mend/,
      );
      const filled = text.replace(/("?lifetimeSeconds"?): null/, "$1: 7200");
      const other = await folderWith({ [name]: filled });
      await expectPlan(database, other, /laravel: table public\.sessions\n.*1: 1 live/);
    }
  });

  it("the schema where the search path has two such tables or none", async () => {
    const database = await databaseWith(CONNECT_PG_SIMPLE, "CREATE SCHEMA app");
    await database.client.query("ALTER TABLE session SET SCHEMA app");
    const { folder, text } = await initIn(database);
    expect(text).toContain('table: "app.session"');
    await expectPlan(database, folder, /table app\.session/);
  });

  it("the reference store with its mapping", async () => {
    const database = await databaseWith();
    await database.rehome(["seed", "--users", "1", "--sessions", "1"]);
    const { folder, text, stderr } = await initIn(database);
    expect(text).toMatch(/preset: "reference",\n {4}table: "user_sessions",/);
    expect(text).toMatch(/times in expires_at, last_activity_at, created_at, which have none/);
    expect(text).toMatch(/timestamps: "iso"/);
    expect(text.match(/keyPrefix:/g)).toHaveLength(1);
    expect(stderr).toMatch(/found reference/);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it("the best of several, and names the others in the file and on stderr", async () => {
    const database = await databaseWith(LARAVEL, LOGIN, CONNECT_PG_SIMPLE);
    const { text, stderr } = await initIn(database);
    const [first, second] = /preset: "laravel"/.test(text)
      ? ["laravel", "connect-pg-simple in table session"]
      : ["connect-pg-simple", "laravel in table sessions"];
    expect(text).toContain(`preset: "${first}"`);
    for (const said of [text, stderr])
      expect(said).toMatch(new RegExp(`also found: ${second}, table auth\\.login`, "i"));
  });
});

describe("rehome init writes, for tables that no preset knows,", () => {
  it("its best guess, which a plan works with", async () => {
    const database = await databaseWith(LOGIN);
    const { folder, text, stderr } = await initIn(database);
    expect(stderr).toMatch(/table auth\.login seems to hold sessions of a store without a preset/);
    expect(text).toMatch(/table: "auth\.login",[^]*id: "token",[^]*expires: "valid_until",/);
    expect(text).toMatch(/recency: "last_seen",[^]*account: "account",\n +last_seen: "last_seen",/);
    expect(text).toMatch(/Left out because their types are not supported: ip \(inet\)/);
    await expectPlan(
      database,
      folder,
      /session:<[0-9a-f]{12}>, a hash of 2 fields: account, last_seen;/,
    );
  });

  it("a value of one column, and epoch seconds by their type", async () => {
    const database = await databaseWith(
      "CREATE TABLE web_sessions (sid text PRIMARY KEY, data bytea, expires integer)",
      "INSERT INTO web_sessions VALUES ('canary-id', 'canary', 2147483647)",
    );
    const { folder, text } = await initIn(database);
    expect(text).toMatch(/column: "expires",\n +as: "epoch-seconds",/);
    expect(text).toMatch(/string: "data",\n +codec: "bytes",/);
    await expectPlan(
      database,
      folder,
      /a string of 6 bytes; expires in [\d,]+ d \d+ h \(2038-01-19T03:14:07\.000Z\)/,
    );
  });

  it("a lifetime to fill in where the table has no expiry", async () => {
    const database = await databaseWith(
      "CREATE TABLE user_session (session_key text PRIMARY KEY, ip text, last_seen timestamptz)",
      "INSERT INTO user_session VALUES ('canary-id', '::1', now())",
    );
    const { folder, text, stderr } = await initIn(database);
    expect(stderr).toMatch(/fill in store\.sessions\.expires\.plusSeconds: How long/);
    await expectRefused(
      database,
      folder,
      /: store\.sessions\.expires\.plusSeconds: must be a whole number/,
    );
    const filled = text.replace("plusSeconds: null", "plusSeconds: 3600");
    await expectPlan(database, await folderWith({ "rehome.config.ts": filled }), /1: 1 live/);
  });

  it("names of any kind, so that none ends a comment, runs as code or steers a terminal", async () => {
    const name = 'session\n});process.exit(7);//*/\u009b31m"$' + "{a}`";
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const database = await databaseWith(
      `CREATE TABLE ${quoted(name)} (${quoted(`sid.${name}`)} text, session_id text PRIMARY KEY, expires_at timestamp, ${quoted(`y${name}`)} inet)`,
    );
    const { folder, text, stderr } = await initIn(database);
    expect(stderr).not.toContain("\u009b");
    expect(text).toContain(JSON.stringify(`sid.${name}`));
    await expectPlan(database, folder, /0: 0 live/);
    const { stdout } = await database.rehome(["stores"]);
    expect(stdout).not.toContain("\u009b");
    expect(stdout).toContain("\\u{a}});process.exit(7)");
  });
});

describe("rehome init", () => {
  it("writes the example where nothing looks like sessions, and says so", async () => {
    const database = await databaseWith(
      "CREATE TABLE coupons (id uuid PRIMARY KEY, valid_until timestamptz)",
    );
    const { folder, text, stderr } = await initIn(database);
    expect(stderr).toMatch(/nothing that looks like sessions/);
    const example = await runProgram("rehome", ["init", "--force"], {}, { cwd: folder });
    expect(example.code).toBe(0);
    expect(await readFile(join(folder, "rehome.config.ts"), "utf8")).toBe(text);
    expect(text).toContain('store: "reference"');
    expect(text).not.toContain("keyPrefix:");
  });

  it("writes nothing where the database cannot be reached or the file exists", async () => {
    const folder = await folderWith();
    const away = { SOURCE_URL: "postgres://user:canary@127.0.0.1:1/app" };
    for (const verb of ["init", "stores"]) {
      const { code, stdout, stderr } = await runProgram("rehome", [verb], away, { cwd: folder });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^rehome: source: nothing listens there[^\n]+\n?$/);
      expect(stderr).not.toContain("canary");
    }
    expect(await readdir(folder)).toEqual([]);
    const taken = await folderWith({ "rehome.config.ts": "export default {}" });
    const { code, stderr } = await runProgram("rehome", ["init"], away, { cwd: taken });
    expect(code).toBe(1);
    expect(stderr).toMatch(/rehome\.config\.ts exists/);
  });
});
