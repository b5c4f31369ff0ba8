import type { Bound, Range, ResolvedStore, SessionId } from "@rehome/core";
import type { PoolClient } from "pg";
import { describe, expect, it } from "vitest";
import { seedReferenceSchema } from "../src/index.js";
import { findAttributeLookup } from "../src/postgres/attribute-lookup.js";
import { openConnections } from "../src/postgres/connections.js";
import { READ_BY_INDEX, READ_SLICE } from "../src/postgres/transaction-settings.js";
import { matchIds, matchRange } from "../src/postgres/match.js";
import { openRows } from "../src/postgres/physical/open-rows.js";
import { wholeOf } from "../src/postgres/reader.js";
import { rowsWhere } from "../src/postgres/rows.js";
import { selectAttributes, selectLookup, selectSessions } from "../src/postgres/statement.js";
import {
  type Database,
  databaseOf,
  emptyDatabase,
  openStore,
  physicalOrder,
  referenceStore,
  storeOf,
} from "./source-fixture.js";

const SESSIONS = 20_000;

/** Plans of statements that read more than what is asked for, or sort it. */
async function badPlans({ client }: Database, selects: readonly string[], settings: string) {
  const bad: string[] = [];
  await client.query(`BEGIN; ${settings}`);
  for (const select of selects) {
    const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN ${select}`);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    if (/Seq Scan|Hash|Merge Join|^ *(?:-> )? *Sort/m.test(plan)) bad.push(plan);
  }
  await client.query("ROLLBACK");
  return bad;
}

/** The statements of chunks of a hundredth of the table, the open ones at both ends among them. */
async function statementsOf(database: Database, store: ResolvedStore): Promise<string[]> {
  const id = (place: number) => idAt(database, store, place);
  const ranges: Range[] = [
    { after: null, upTo: await id(200) },
    { after: await id(5_000), upTo: await id(5_200) },
    { after: await id(SESSIONS - 200), upTo: null },
  ];
  const ids = [await id(1), await id(7), await id(1_000)] as string[] as SessionId[];
  const matches = [...ranges.map(matchRange), matchIds(ids)];
  const isOneTable = store.attributes === null && store.lookups.length === 0;
  const connections = openConnections(database.url, 1);
  const lookup = await findAttributeLookup(connections, store);
  await connections.close();
  return [
    ...matches.map((match) =>
      selectSessions(store, rowsWhere(store, match), 1e6, isOneTable ? null : { most: 200 }),
    ),
    ...(store.attributes === null
      ? []
      : matches.map((match) => selectAttributes(store, { match }, 1e6, lookup))),
    ...store.lookups.map((_, i) => selectLookup(store, i, [1, 2, 3, 4, 5], 1e6)),
  ];
}

async function idAt(
  { client }: Database,
  { sessions: { table, id } }: ResolvedStore,
  place: number,
): Promise<Bound> {
  const { rows } = await client.query<{ id: Bound }>(
    `SELECT ${id} AS id FROM ${table} ORDER BY ${id} OFFSET ${place} LIMIT 1`,
  );
  return rows[0]!.id;
}

describe("what a chunk costs does not grow with the tables: its statements follow indexes", () => {
  it("in the reference store", async () => {
    const database = await emptyDatabase();
    await seedReferenceSchema(database.url, { users: 5_000, sessions: SESSIONS, seed: 1 });
    const { store } = await openStore(database, referenceStore());
    const statements = await statementsOf(database, store);
    expect(statements).toHaveLength(10);
    expect(await badPlans(database, statements, READ_BY_INDEX)).toEqual([]);
  });

  it.each(["analyzed", "never analyzed"])("in a store of one table, %s", async (how) => {
    const database = await databaseOf(`
      CREATE TABLE login (sid text COLLATE "C" PRIMARY KEY, sess json, expire timestamp) WITH (autovacuum_enabled = off);
      INSERT INTO login SELECT md5(i::text), '{"a":"some session of the usual length"}', now() FROM generate_series(1, ${SESSIONS}) i`);
    if (how === "analyzed") await database.client.query("ANALYZE login");
    const { store } = await openStore(
      database,
      storeOf({
        sessions: { table: "login", id: "sid", expires: "expire" },
        value: { string: "sess" },
      }),
    );
    const statements = await statementsOf(database, store);
    expect(statements).toHaveLength(4);
    expect(await badPlans(database, statements, READ_SLICE)).toEqual([]);
  });

  it("in stores whose attributes refer to another column, by keys of other widths, in partitions", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id char(36) UNIQUE, key char(36) PRIMARY KEY, who bigint, expires bigint);
      CREATE TABLE data (session char(36), name varchar(200), bytes bytea, PRIMARY KEY (session, name));
      CREATE TABLE account (key int, name text, PRIMARY KEY (key)) PARTITION BY HASH (key);
      CREATE TABLE account0 PARTITION OF account FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE account1 PARTITION OF account FOR VALUES WITH (MODULUS 2, REMAINDER 1);
      INSERT INTO login SELECT md5(i::text), md5('k' || i), i, 1993000000000 FROM generate_series(1, ${SESSIONS}) i;
      INSERT INTO data SELECT key, 'a', '' FROM login; INSERT INTO account SELECT who, who FROM login`);
    await database.client.query("ANALYZE");
    const { store } = await openStore(
      database,
      storeOf({
        sessions: {
          table: "login",
          id: "id",
          expires: { column: "expires", as: "epoch-milliseconds" },
        },
        lookups: [{ table: "account", key: "key", from: "who", fields: { name: "name" } }],
        attributes: {
          table: "data",
          session: "session",
          from: "key",
          name: "name",
          value: "bytes",
        },
      }),
    );
    expect(await badPlans(database, await statementsOf(database, store), READ_BY_INDEX)).toEqual(
      [],
    );
  });
});

describe("in physical order a chunk visits its own pages alone", () => {
  it.each([
    ["one table", READ_SLICE],
    ["a store of several", READ_BY_INDEX + READ_SLICE],
  ])("and the closing one the table once: %s", async (_, settings) => {
    const database = await databaseOf(`
      CREATE TABLE login (sid text PRIMARY KEY, sess text, expire timestamptz);
      INSERT INTO login SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i`);
    const { client, source } = database;
    const { store } = await source.inspect(
      storeOf({
        sessions: { table: "login", id: "sid", expires: "expire" },
        value: { string: "sess" },
      }),
    );
    const order = await physicalOrder(source, store);
    const [file] = order.files;
    await client.query("UPDATE login SET sess = 'y' WHERE sid = '1'");
    for (const analyze of ["", "ANALYZE login"]) {
      await client.query(analyze);
      for (const [place, expected] of [
        [{ kind: "pages", file: file!, from: 0, to: 5 }, /^Tid Range Scan on login s/],
        [{ kind: "pages", file: file!, from: 100, to: null }, /^Tid Range Scan on login s/],
        [{ kind: "newer" }, /^Seq Scan on login s/],
      ] as const) {
        await client.query(`BEGIN; ${settings}`);
        const rows = await openRows(client as unknown as PoolClient, store, order, place);
        const { rows: plan } = await client.query<{ "QUERY PLAN": string }>(
          `EXPLAIN ${selectSessions(store, wholeOf(rows!), 1e6, null)}`,
        );
        expect(plan[0]!["QUERY PLAN"]).toMatch(expected);
        await client.query("ROLLBACK");
      }
    }
  });
});
