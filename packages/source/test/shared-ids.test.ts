import { describe, expect, it } from "vitest";
import {
  collect,
  databaseOf,
  EVERYTHING,
  openStore,
  readByPlan,
  STARTED,
  storeOf,
} from "./source-fixture.js";

const one = storeOf({
  sessions: { table: "login", id: "id", expires: "expires", fields: { note: "note" } },
});
const several = storeOf({
  sessions: { table: "login", id: "id", expires: "expires", fields: { note: "note" } },
  lookups: [{ table: "account", key: "key", from: "who", fields: { name: "name" } }],
  attributes: { table: "data", session: "id", name: "k", value: "v" },
});
const joined = { ...several, attributes: { ...several.attributes!, from: "own" } };

const TABLES = `
  CREATE TABLE login (id text, own text, expires timestamptz DEFAULT '2030-01-01Z', who int DEFAULT 1, note text);
  CREATE INDEX ON login (id); CREATE TABLE account (key int PRIMARY KEY, name text); INSERT INTO account VALUES (1, 'ada');
  CREATE TABLE data (id text, k text, v text, PRIMARY KEY (id, k))`;

describe.each([
  ["one table", one],
  ["several tables", several],
  ["attributes of another column", joined],
] as const)("rows that share an id, in a store of %s", (_, store) => {
  it("are each read once and marked, also at the end of a page or of a chunk, and no other is", async () => {
    const database = await databaseOf(`${TABLES};
      INSERT INTO login (id, own, note) SELECT lpad(i::text, 5, '0'), lpad(i::text, 5, '0'), n
        FROM generate_series(1, 4100) i, generate_series(1, 1 + (i % 5 = 0)::int + (i % 50 = 0)::int) n;
      INSERT INTO data SELECT lpad(i::text, 5, '0'), 'k', i FROM generate_series(1, 4100, 2) i; ANALYZE`);
    const opened = await openStore(database, store);
    expect(opened.warnings).toEqual([expect.stringContaining("nothing makes id unique")]);
    const rows = 4100 + 820 + 82;
    for (const size of [10, 997, 100_000]) {
      const { chunks, bounds } = await readByPlan(opened, size);
      expect(new Set(bounds).size).toBe(bounds.length);
      const read = chunks.flat();
      expect(read).toHaveLength(rows);
      expect(new Set(read.map(({ id, columns }) => `${id} ${String(columns["note"])}`)).size).toBe(
        rows,
      );
      for (const { id, isShared, attributes } of read) {
        expect(isShared).toBe(Number(id) % 5 === 0);
        if (store !== one && !isShared)
          expect(attributes).toEqual(Number(id) % 2 === 1 ? ["k", String(Number(id))] : []);
      }
    }
    expect(await collect(opened.sessions.listExpiries(EVERYTHING, STARTED))).toHaveLength(rows);
  }, 120_000);

  it("are each read once and marked where one of them is long, both are, or one is over the limit", async () => {
    const database = await databaseOf(`${TABLES};
      INSERT INTO login (id, own, note) VALUES ('a', 'a', 'x'), ('a', 'a', repeat('x', 9000)), ('b', 'b', repeat('x', 9000)),
        ('b', 'b', repeat('y', 9000)), ('c', 'c', repeat('x', 9000)), ('d', 'd', 'x'), ('d', 'd', repeat('x', 90000)),
        ('e', 'e', repeat('x', 90000)), ('f', 'f', 'x');
      INSERT INTO data SELECT i, 'k', i FROM unnest('{a,b,c,d,e,f,zz}'::text[]) i`);
    const opened = await openStore(database, store);
    const expected = [
      "a true",
      "a true",
      "b true",
      "b true",
      "c false",
      "d true",
      "d true",
      "e false",
      "f false",
    ];
    for (const read of [
      await opened.read({ maxSessionBytes: 50_000 }),
      await opened.readByIds(["a", "b", "c", "d", "e", "f"], { maxSessionBytes: 50_000 }),
    ]) {
      expect(read.map(({ id, isShared }) => `${id} ${isShared}`).toSorted()).toEqual(expected);
      for (const { id, bytes, columns, attributes } of read) {
        if (id === "c") expect(columns["note"]).toHaveLength(9_000);
        if (id === "e") expect(bytes).toBe(Infinity);
        if (store !== one && id === "c") expect(attributes).toEqual(["k", "c"]);
      }
    }
  });

  it("are all read by their id, however many there are", async () => {
    const database = await databaseOf(`${TABLES};
      INSERT INTO login (id, own) SELECT 'same', 'same' FROM generate_series(1, 5000);
      INSERT INTO login (id, own) VALUES ('zzz', 'zzz')`);
    const opened = await openStore(database, store);
    const read = await opened.readByIds(["same", "zzz", "gone"]);
    expect(read).toHaveLength(5_001);
    expect(read.filter(({ isShared }) => isShared)).toHaveLength(5_000);
    expect(await opened.sessions.findKnown(read.slice(0, 1).map(({ id }) => id))).toEqual(
      new Set(["same"]),
    );
  });
});
