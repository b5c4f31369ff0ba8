import { describe, expect, it } from "vitest";
import { runProgram } from "../src/programs.js";
import {
  CONNECT_PG_SIMPLE,
  type Database,
  databaseWith,
  LARAVEL,
  LOGIN,
} from "./database-fixture.js";

interface Shown {
  readonly name: string;
  readonly source: string;
  readonly target: string;
  readonly detected: boolean | null;
}

async function presetsIn(database: Database): Promise<Shown[]> {
  const { code, stdout, stderr } = await database.rehome(["stores", "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Shown[];
}

describe("rehome stores", () => {
  it("lists every preset, and without a source does not say what is detected", async () => {
    const json = await runProgram("rehome", ["stores", "--json"], {});
    expect(json).toMatchObject({ code: 0, stderr: "" });
    const shown = JSON.parse(json.stdout) as Shown[];
    expect(shown.map(({ name }) => name)).toEqual([
      "reference",
      "connect-pg-simple",
      "express-mysql-session",
      "connect-session-knex",
      "connect-session-sequelize",
      "scs",
      "flask-session",
      "laravel",
      "symfony",
      "spring-session",
    ]);
    for (const one of shown) {
      expect(Object.keys(one)).toEqual(["name", "source", "target", "detected"]);
      expect(one.detected).toBeNull();
    }
    const text = await runProgram("rehome", ["stores"], {});
    expect(text.stdout).toMatch(/^ {2}scs .*\n +→ redisstore: string scs:session:<token>$/m);
    expect(text.stdout).not.toContain("✓");
    expect(text.stderr).toMatch(/set SOURCE_URL/);
  });

  it("tells what the database seems to hold, and what each needs, from the catalogue alone", async () => {
    const database = await databaseWith(CONNECT_PG_SIMPLE, LARAVEL, LOGIN);
    // Whoever read a row would wait for ever.
    const lock = "LOCK TABLE session, sessions, auth.login IN ACCESS EXCLUSIVE MODE";
    await database.client.query(`BEGIN; ${lock}`);
    const shown = await presetsIn(database);
    expect(shown.filter(({ detected }) => detected === true).map(({ name }) => name)).toEqual([
      "connect-pg-simple",
      "laravel",
    ]);
    expect(shown.filter(({ detected }) => detected === false)).toHaveLength(8);
    const { stdout, stderr } = await database.rehome(["stores"]);
    expect(stdout).toMatch(/^✓ connect-pg-simple /m);
    expect(stdout).toMatch(/^ {2}scs /m);
    expect(stdout).toMatch(/ laravel +table sessions\n +needs lifetimeSeconds: .*SESSION_LIFETIME/);
    expect(stdout).toMatch(/ another store +table auth\.login$/m);
    expect(stderr).toMatch(/rehome init/);
  });

  it("says of an empty database that it holds none", async () => {
    const { stdout } = await (await databaseWith()).rehome(["stores"]);
    expect(stdout).toMatch(/nothing that looks like sessions/);
    expect(stdout).not.toContain("✓");
  });

  it("sees only what its user may read", async () => {
    const database = await databaseWith(CONNECT_PG_SIMPLE, LOGIN, LARAVEL);
    const role = `reader_${process.pid}`;
    await database.client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    await database.client.query(
      `GRANT SELECT ON session TO ${role}; GRANT SELECT ON auth.login TO ${role}`,
    );
    const url = new URL(database.url);
    [url.username, url.password] = [role, "secret"];
    try {
      const { stdout } = await database.rehome(["stores"], "/", { SOURCE_URL: url.href });
      expect(stdout).toMatch(/✓ connect-pg-simple/);
      expect(stdout).not.toMatch(/✓ laravel|auth\.login/);
    } finally {
      await database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
