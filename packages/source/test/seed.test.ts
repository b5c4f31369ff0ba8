import { drizzle } from "drizzle-orm/node-postgres";
import { getTableColumns, getTableName } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { seedReferenceSchema } from "../src/index.js";
import { sessionData, userPreferences, users, userSessions } from "../src/postgres/schema.js";
import {
  type Database,
  emptyDatabase,
  failureOf,
  openStore,
  referenceStore,
} from "./source-fixture.js";

const NOW = new Date("2026-11-24T00:00:00Z");
const SMALL = { users: 50, sessions: 400, seed: 7, now: NOW };

async function checksum({ client }: Database): Promise<string> {
  const sums = [];
  for (const table of ["users", "user_sessions", "session_data", "user_preferences"]) {
    const columns =
      table === "session_data" ? "session_id, attribute_key, attribute_value, created_at" : "t.*";
    const { rows } = await client.query<{ sum: string }>(
      `SELECT md5(string_agg(r::text, ';' ORDER BY r::text)) AS sum FROM (SELECT ${columns} FROM ${table} t) r`,
    );
    sums.push(rows[0]?.sum);
  }
  return sums.join(" ");
}

describe("the seeder", () => {
  it("gives the same rows for the same seed, and others for another", async () => {
    const sums = [];
    for (const seed of [7, 7, 8]) {
      const database = await emptyDatabase();
      await seedReferenceSchema(database.url, { ...SMALL, seed });
      sums.push((await checksum(database)).replaceAll(/\bundefined\b/g, ""));
    }
    expect(sums[0]).toBe(sums[1]);
    expect(sums[0]).not.toBe(sums[2]);
  });

  it("makes what a migration must cope with", async () => {
    const database = await emptyDatabase();
    await seedReferenceSchema(database.url, SMALL);
    const sessions = await (await openStore(database, referenceStore("server"))).read();
    expect(sessions).toHaveLength(400);
    expect(new Set(sessions.map(({ attributes }) => attributes.length / 2))).toEqual(
      new Set([0, 1, 2, 3, 4]),
    );
    const expired = sessions.filter(
      ({ columns }) => Number(columns["expires_at"]) < NOW.getTime() * 1000,
    );
    expect(expired.length).toBe(20);
    expect(sessions.some(({ columns }) => columns["theme"] === null)).toBe(true);
    expect(sessions.some(({ columns }) => columns["last_activity_at"] === null)).toBe(true);
    expect(sessions.some(({ attributes }) => attributes.includes(null))).toBe(true);
    expect(
      sessions.some(
        ({ columns }) => BigInt((columns["last_activity_at"] as bigint) ?? 0n) % 1_000n !== 0n,
      ),
    ).toBe(true);
  });

  it("fills again only when told to", async () => {
    const database = await emptyDatabase();
    await seedReferenceSchema(database.url, SMALL);
    const before = await checksum(database);
    expect(await failureOf(seedReferenceSchema(database.url, { ...SMALL, seed: 8 }))).toMatchObject(
      { code: "seeded-before" },
    );
    expect(await checksum(database)).toBe(before);
    await seedReferenceSchema(database.url, { ...SMALL, seed: 8, reset: true });
    expect(await checksum(database)).not.toBe(before);
  });

  it("touches no table but its own, and leaves nothing half done", async () => {
    const database = await emptyDatabase();
    await database.client.query(
      "CREATE TABLE session_data (a int); INSERT INTO session_data VALUES (1)",
    );
    for (const reset of [false, true]) {
      expect(await failureOf(seedReferenceSchema(database.url, { ...SMALL, reset }))).toMatchObject(
        { code: "not-seeded" },
      );
    }
    const { rows } = await database.client.query(
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(rows).toEqual([{ tablename: "session_data" }]);
  });

  it("makes the tables that the schema describes", async () => {
    const database = await emptyDatabase();
    await seedReferenceSchema(database.url, { ...SMALL, sessions: 0 });
    for (const table of [users, userSessions, sessionData, userPreferences]) {
      const { rows } = await database.client.query<{ name: string; required: boolean }>(
        "SELECT attname AS name, attnotnull AS required FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 ORDER BY attnum",
        [getTableName(table)],
      );
      expect(rows).toEqual(
        Object.values(getTableColumns(table)).map((column) => ({
          name: column.name,
          required: column.notNull,
        })),
      );
    }
    const { rows } = await database.client.query<{ cascades: string }>(
      "SELECT count(*) AS cascades FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c'",
    );
    expect(rows[0]?.cascades).toBe("3");
    const db = drizzle(database.client);
    await db
      .insert(userSessions)
      .values({ sessionId: "by drizzle", userId: 1, expiresAt: "2099-01-01 00:00:00" });
    await db
      .insert(sessionData)
      .values({ sessionId: "by drizzle", attributeKey: "k", attributeValue: "v" });
    expect(await (await openStore(database)).read()).toMatchObject([
      { id: "by drizzle", attributes: ["k", "v"] },
    ]);
  });
});
