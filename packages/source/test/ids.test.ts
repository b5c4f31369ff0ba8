import type { SessionId } from "@rehome/core";
import { describe, expect, it } from "vitest";
import { openSource } from "../src/index.js";
import {
  collect,
  databaseOf,
  EVERYTHING,
  failureOf,
  openStore,
  readByPlan,
  STARTED,
  storeOf,
} from "./source-fixture.js";

const oneTable = storeOf({
  sessions: { table: "login", id: "id", expires: "expires", fields: { note: "note" } },
});
const withAttributes = {
  ...oneTable,
  attributes: { table: "data", session: "id", from: null, name: "k", value: "v", prefix: "" },
};

const uuid = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`;

/** How the i-th id is written into the table, and what it is read as. */
const TYPES = [
  { type: "text", sql: (i: number) => `'it''s "${i}\\'`, id: (i: number) => `it's "${i}\\` },
  { type: "varchar(40)", sql: (i: number) => `'s ${i} '`, id: (i: number) => `s ${i} ` },
  { type: "char(36)", sql: (i: number) => `'s${i}'`, id: (i: number) => `s${i}` },
  { type: "uuid", sql: (i: number) => `'${uuid(i).toUpperCase()}'`, id: uuid },
  {
    type: "bytea",
    sql: (i: number) => String.raw`'\x00ff${String(i).padStart(2, "0")}'::bytea`,
    id: (i: number) => String.raw`\x00ff${String(i).padStart(2, "0")}`,
  },
  { type: "token", sql: (i: number) => `'t${i}'`, id: (i: number) => `t${i}` },
  { type: "uuid_token", sql: (i: number) => `'${uuid(i)}'`, id: uuid },
];
const COUNT = 23;

describe.each(TYPES)("ids of type $type", ({ type, sql, id }) => {
  const ids = Array.from({ length: COUNT }, (_, i) => id(i));

  async function database() {
    const rows = ids.map((_, i) => `(${sql(i)}, '2030-01-01Z', '${i}')`).join(", ");
    return await databaseOf(
      `
      SET standard_conforming_strings = on;
      CREATE DOMAIN token AS varchar(20); CREATE DOMAIN uuid_base AS uuid; CREATE DOMAIN uuid_token AS uuid_base;
      CREATE TABLE login (id ${type} PRIMARY KEY, expires timestamptz, note text);
      CREATE TABLE data (id ${type}, k text, v text, PRIMARY KEY (id, k));
      INSERT INTO login SELECT * FROM (VALUES ${rows}) AS t (id, expires, note);
      INSERT INTO data SELECT id, 'k', note FROM login;
      ANALYZE`.replace(
        "SELECT * FROM (VALUES",
        `SELECT id::${type}, expires::timestamptz, note FROM (VALUES`,
      ),
    );
  }

  it.each([
    { kind: "one table", store: oneTable },
    { kind: "two tables", store: withAttributes },
  ])("are planned and each read once, from $kind", async ({ store }) => {
    const opened = await openStore(await database(), store);
    for (const size of [1, 4, 100]) {
      const { chunks, bounds } = await readByPlan(opened, size);
      expect(bounds).toHaveLength(Math.ceil(COUNT / size) - 1);
      const read = chunks.flat();
      expect(read.map((session) => String(session.id)).toSorted()).toEqual(ids.toSorted());
      for (const session of read) {
        const note = String(ids.indexOf(session.id));
        expect(session.columns["note"]).toBe(note);
        expect(session.attributes).toEqual(store === oneTable ? [] : ["k", note]);
      }
    }
  });

  it("are found, counted, sampled and listed as they are read", async () => {
    const opened = await openStore(await database(), withAttributes);
    const { sessions } = opened;
    const some = [ids[3]!, ids[7]!];
    // What no id of the type looks like is not there, and is no error.
    const strange = [
      "",
      "nobody",
      `${ids[3]} `,
      "a\0b",
      String.raw`\xzz`,
      String.raw`\x0`,
      '{,"',
      ids[3]!.slice(0, -1),
    ];
    const asked = [...some, ...strange] as SessionId[];
    expect(await sessions.findKnown(asked)).toEqual(new Set(some));
    const read = await opened.readByIds(asked);
    expect(read.map((session) => String(session.id)).toSorted()).toEqual(some);
    expect(read.every(({ attributes }) => attributes.length === 2)).toBe(true);

    const [first, second] = await collect(sessions.planChunks({ after: null, chunkSize: 5 }));
    const range = { after: first!.upTo, upTo: second!.upTo };
    expect(await sessions.count(range)).toBe(5);
    const sampled = await sessions.sampleIds(range, 99);
    const listed = await collect(sessions.listExpiries(range, STARTED));
    const inRange = (await opened.read({}, range)).map((session) => session.id).toSorted();
    expect(sampled.toSorted()).toEqual(inRange);
    expect(listed.map((one) => one.id).toSorted()).toEqual(inRange);
    expect(new Set(listed.map(({ expiresAt }) => expiresAt))).toEqual(
      new Set([Date.parse("2030-01-01Z")]),
    );
    expect(await sessions.sampleIds(EVERYTHING, 3)).toHaveLength(3);
  });
});

describe("ids", () => {
  it("that are bytes are written alike where strings do not conform to the standard", async () => {
    const database = await databaseOf(String.raw`
      CREATE TABLE login (id bytea PRIMARY KEY, expires timestamptz, note text);
      INSERT INTO login VALUES ('\xab', 'now'), ('\xcd', 'now')`);
    const url = new URL(database.url);
    url.searchParams.set("options", "-c standard_conforming_strings=off -c bytea_output=escape");
    const source = openSource(url);
    try {
      const opened = await openStore({ source }, oneTable);
      const { chunks, bounds } = await readByPlan(opened, 1);
      expect(bounds).toEqual([String.raw`\xab`]);
      expect(chunks.map(([only]) => only?.id)).toEqual([String.raw`\xab`, String.raw`\xcd`]);
      const known = await opened.sessions.findKnown(chunks.flat().map(({ id }) => id));
      expect(known.size).toBe(2);
    } finally {
      await source.close();
    }
  });

  it("of a type that cannot be told apart by their bytes, or by any order, are refused", async () => {
    const database = await databaseOf(`
      CREATE EXTENSION IF NOT EXISTS citext;
      CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      CREATE TABLE login (id citext PRIMARY KEY, expires timestamptz, note text);
      CREATE TABLE number (id int PRIMARY KEY, expires timestamptz, note text);
      CREATE TABLE base (id text COLLATE loose PRIMARY KEY, expires timestamptz, note text);
      CREATE VIEW seen AS SELECT * FROM base;
      CREATE TABLE strict (id text COLLATE loose, expires timestamptz, note text);
      CREATE UNIQUE INDEX ON strict (id COLLATE "C")`);
    for (const [table, says] of [
      ["login", /login\.id is of type citext, and it must be .*\(store\.sessions\.id\)/],
      ["number", /number\.id is of type integer/],
      ["seen", /seen\.id is not unique, and its collation takes different ids for equal/],
      ["strict", /strict\.id is not unique/],
    ] as const) {
      const store = { ...oneTable, sessions: { ...oneTable.sessions, table } };
      const failure = await failureOf(openStore(database, store));
      expect(failure).toMatchObject({ code: "source-schema", exitCode: 2 });
      expect(failure.message).toMatch(says);
    }
    const base = { ...oneTable, sessions: { ...oneTable.sessions, table: "base" } };
    expect((await openStore(database, base)).store.isUnique).toBe(true);
  });

  it("that are NULL are those of no session", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (id text UNIQUE, expires timestamptz, note text);
      INSERT INTO login VALUES (NULL, 'now'), ('a', 'now'), (NULL, 'now')`);
    const opened = await openStore(database, oneTable);
    expect((await opened.read()).map(({ id }) => id)).toEqual(["a"]);
    expect(await opened.sessions.count(EVERYTHING)).toBe(1);
    expect(await collect(opened.sessions.listExpiries(EVERYTHING, STARTED))).toHaveLength(1);
    expect(await opened.sessions.sampleIds(EVERYTHING, 5)).toEqual(["a"]);
  });
});
