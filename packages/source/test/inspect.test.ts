import { inspect } from "node:util";
import { defaultStore } from "@rehome/core";
import { describe, expect, it } from "vitest";
import { openSource } from "../src/index.js";
import { emptyDatabase, failureOf, referenceDatabase } from "./source-fixture.js";

describe("the preflight", () => {
  it("tells the source's zone, and an identity that is its own", async () => {
    const [one, other] = [await referenceDatabase(), await referenceDatabase()];
    await one.client.query(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone = ''Asia/Tokyo''', current_database()); END $$",
    );
    const afresh = openSource(one.url);
    const facts = await afresh.inspect(defaultStore);
    await afresh.close();
    expect(facts.store.zone).toBe("Asia/Tokyo");
    expect(facts.identity).toMatch(/^\d+\/source_\w+\/\d+$/);
    const again = openSource(one.url);
    expect((await again.inspect(defaultStore)).identity).toBe(facts.identity);
    await again.close();
    expect((await other.source.inspect(defaultStore)).identity).not.toBe(facts.identity);
  });

  it("names what is missing or of another type", async () => {
    expect((await failureOf((await emptyDatabase()).source.inspect(defaultStore))).message).toMatch(
      /table user_sessions is missing/,
    );
    for (const [change, says] of [
      ["DROP TABLE user_preferences", /table user_preferences is missing \(store\)/],
      [
        "ALTER TABLE user_sessions DROP expires_at",
        /column user_sessions\.expires_at is missing \(store\)/,
      ],
      [
        "ALTER TABLE user_sessions ALTER expires_at TYPE date",
        /user_sessions\.expires_at is of type date, and it must be timestamp or timestamptz/,
      ],
      [
        "ALTER TABLE user_preferences ALTER theme DROP DEFAULT, ALTER theme TYPE inet USING NULL",
        /user_preferences\.theme is of type inet/,
      ],
      [
        "ALTER TABLE user_preferences DROP CONSTRAINT user_preferences_user_id_fkey, ALTER user_id TYPE varchar",
        /user_preferences\.user_id is of type character varying, and it must be integer, as the column that refers to it/,
      ],
      [
        "ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_fkey, ALTER user_id TYPE text",
        /users\.user_id is of type integer, and it must be text, as the column that refers to it/,
      ],
    ] as const) {
      const database = await referenceDatabase();
      await database.client.query(change);
      const failure = await failureOf(database.source.inspect(defaultStore));
      expect(failure).toMatchObject({ name: "RehomeError", code: "source-schema", exitCode: 2 });
      expect(failure.message).toMatch(says);
      expect(failure.hint).not.toBeNull();
    }
  });

  it("says what it could not reach, without credentials", async () => {
    const { url } = await emptyDatabase();
    const failures = [];
    for (const [change, code] of [
      [(copy: URL) => (copy.password = "canary"), "source-28P01"],
      [(copy: URL) => (copy.pathname = "/nowhere"), "source-3D000"],
      [(copy: URL) => (copy.port = "1"), "source-ECONNREFUSED"],
    ] as const) {
      const copy = new URL(url);
      change(copy);
      const source = openSource(copy);
      const failure = await failureOf(source.inspect(defaultStore));
      await source.close();
      expect(failure).toMatchObject({ name: "RehomeError", code });
      expect(failure.hint).not.toBeNull();
      failures.push(failure);
    }
    const shown = inspect(failures, { depth: null });
    expect(shown).not.toContain("canary");
    expect(shown).not.toContain(url.password);
    expect(() => openSource(new URL("mysql://u:canary@h/d"))).toThrow(/postgres:\/\//);
  });

  it("refuses a database whose text may be anything", async () => {
    const { createDatabase } = await import("@rehome/tooling/local-services");
    const { url } = await emptyDatabase();
    const ascii = await createDatabase(new URL("/", url).href, `ascii_${process.pid}`, {
      encoding: "SQL_ASCII",
      locale: "C",
    });
    const source = openSource(new URL(ascii));
    expect((await failureOf(source.inspect(defaultStore))).message).toMatch(/SQL_ASCII/);
    await source.close();
  });
});
