import { expect, test } from "vitest";
import { openSource } from "../src/index.js";
import { emptyDatabase } from "./source-fixture.js";

test("the catalogue tells of every column its type, what it holds and whether it is unique", async () => {
  const { client, source } = await emptyDatabase();
  await client.query(`
    CREATE DOMAIN token AS varchar(64);
    CREATE TABLE t (id token PRIMARY KEY, a int, b int, ends timestamptz, at inet, gone text, UNIQUE (a, b));
    ALTER TABLE t DROP gone;
    CREATE UNIQUE INDEX ON t (ends) WHERE a > 0;
    CREATE VIEW v AS SELECT id FROM t`);
  expect(await source.listTables()).toEqual([
    {
      schema: "public",
      table: "t",
      needsSchema: false,
      columns: [
        { name: "id", type: "character varying", kind: "text", isUnique: true },
        { name: "a", type: "integer", kind: "number", isUnique: false },
        { name: "b", type: "integer", kind: "number", isUnique: false },
        { name: "ends", type: "timestamp with time zone", kind: "time", isUnique: false },
        { name: "at", type: "inet", kind: null, isUnique: false },
      ],
    },
    {
      schema: "public",
      table: "v",
      needsSchema: false,
      columns: [{ name: "id", type: "character varying", kind: "text", isUnique: false }],
    },
  ]);
});

test("a table needs its schema where the search path does not find it, or finds two, and partitions are left out", async () => {
  const { client, url } = await emptyDatabase();
  await client.query(`
    CREATE SCHEMA a; CREATE SCHEMA b; CREATE SCHEMA "c.d";
    CREATE TABLE a.one (id text); CREATE TABLE b.one (id text); CREATE TABLE "c.d".one (id text);
    CREATE TABLE a.two (id text); CREATE TABLE "c.d".three (id text);
    CREATE TABLE a.many (id text) PARTITION BY HASH (id);
    CREATE TABLE a.many_0 PARTITION OF a.many FOR VALUES WITH (MODULUS 1, REMAINDER 0)`);
  await client.query(
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = a, b', current_database()); END $$",
  );
  const again = openSource(url);
  const tables = await again.listTables();
  await again.close();
  expect(tables.map((one) => [one.schema, one.table, one.needsSchema])).toEqual([
    ["a", "many", false],
    ["a", "one", true],
    ["a", "two", false],
    ["b", "one", true],
    ["c.d", "one", true],
    ["c.d", "three", true],
  ]);
});
