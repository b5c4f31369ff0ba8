import fc from "fast-check";
import { expect, it } from "vitest";
import type { NamedStore, StoreDescription } from "@rehome/core";
import {
  collect,
  type Database,
  emptyDatabase,
  openStore,
  readByPlan,
  storeOf,
} from "./source-fixture.js";
import type { SourceSession } from "./source-session.js";

const seed = Number(process.env["REHOME_TEST_SEED"] ?? Date.now() % 2 ** 31);
console.log(`REHOME_TEST_SEED=${seed}`);

/** An id's type, and how the i-th of them is written and read; those of texts sort as their numbers do not. */
const ID_TYPES = {
  text: (i: number) => `${"zaZ_'"[i % 5]}${i}`,
  "char(9)": (i: number) => `c${(i * 7919) % 1000}.${i}`,
  uuid: (i: number) =>
    `${String((i * 7919) % 100_000_000).padStart(8, "0")}-0000-4000-8000-${String(i).padStart(12, "0")}`,
  bytea: (i: number) =>
    String.raw`\x${((i * 7919) % 65_536).toString(16).padStart(4, "0")}${i.toString(16).padStart(4, "0")}`,
} as const;

interface Model {
  readonly idType: keyof typeof ID_TYPES;
  readonly hasConstraint: boolean;
  readonly lookups: readonly ("who" | "boss")[];
  readonly attributes: "none" | "by id" | "by key" | "without a foreign key";
  readonly valueType: "text" | "jsonb" | "bytea";
  readonly chunkSize: number;
  readonly rows: readonly {
    readonly copies: number;
    readonly who: number | null;
    readonly boss: number | null;
    readonly length: number;
    readonly attributes: number;
  }[];
}

const model: fc.Arbitrary<Model> = fc.record({
  idType: fc.constantFrom(...(Object.keys(ID_TYPES) as (keyof typeof ID_TYPES)[])),
  hasConstraint: fc.boolean(),
  lookups: fc.uniqueArray(fc.constantFrom("who", "boss"), { maxLength: 2 }),
  attributes: fc.constantFrom("none", "by id", "by key", "without a foreign key"),
  valueType: fc.constantFrom("text", "jsonb", "bytea"),
  chunkSize: fc.integer({ min: 1, max: 30 }),
  rows: fc.array(
    fc.record({
      copies: fc.oneof(
        { weight: 5, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 }) },
      ),
      who: fc.option(fc.integer({ min: -1, max: 6 })),
      boss: fc.option(fc.integer({ min: -1, max: 6 })),
      length: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 50 }) },
        { weight: 1, arbitrary: fc.integer({ min: 3_000, max: 9_000 }) },
      ),
      attributes: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 50 },
  ),
});

/** Accounts 0 to 4 are there; that of number 4 has a long name. */
const nameOf = (account: number | null) =>
  account === null || account < 0 || account > 4
    ? null
    : account === 4
      ? "n".repeat(6_000)
      : `name ${account}`;

function describeStore({ lookups, attributes }: Model): NamedStore {
  const description: StoreDescription = {
    sessions: { table: "login", id: "id", expires: "expires", fields: { note: "note" } },
    lookups: lookups.map((from) => ({
      table: "account",
      key: "key",
      from,
      fields: { [`name of ${from}`]: "name" },
    })),
    ...(attributes === "none"
      ? {}
      : {
          attributes: {
            table: "data",
            session: attributes === "by key" ? "key" : "id",
            from: attributes === "by key" ? "key" : null,
            name: "name",
            value: "value",
          },
        }),
  };
  return storeOf(description);
}

const VALUES = {
  text: { sql: "'v' || n", value: (n: number) => `v${n}` },
  jsonb: { sql: "jsonb_build_object('n', n)", value: (n: number) => `{"n": ${n}}` },
  bytea: { sql: "decode('ff0' || n, 'hex')", value: (n: number) => Buffer.of(0xff, n) },
} as const;

/** Without the closing chunk: nothing is newer than the plan. */
async function readByPages(database: Database, made: Model): Promise<SourceSession[]> {
  const opened = await openStore(database, describeStore(made), "physical");
  const { chunks } = await readByPlan(opened, made.chunkSize);
  return chunks.slice(0, -1).flat();
}

it("whatever a store is made of, every row comes once, with what is its own, in chunks of any size", async () => {
  const database = await emptyDatabase({ batchBytes: 10_000 });
  const { client } = database;
  await fc.assert(
    fc.asyncProperty(model, async (made) => {
      const { idType, hasConstraint, valueType } = made;
      const rows = made.rows.map((row) => ({
        ...row,
        copies: hasConstraint ? Math.min(row.copies, 1) : row.copies,
      }));
      const id = ID_TYPES[idType];
      await client.query(`
        DROP TABLE IF EXISTS login, account, data;
        CREATE TABLE login (id ${idType}, key int, who bigint, boss int, expires timestamptz DEFAULT now(), note text);
        CREATE ${hasConstraint ? "UNIQUE" : ""} INDEX ON login (id);
        CREATE TABLE account (key int PRIMARY KEY, name text);
        INSERT INTO account SELECT i, CASE i WHEN 4 THEN repeat('n', 6000) ELSE 'name ' || i END FROM generate_series(0, 4) i;
        CREATE TABLE data (id ${idType}, key int, name text, value ${valueType})`);
      for (const [i, row] of rows.entries()) {
        await client.query(
          `INSERT INTO login (id, key, who, boss, note) SELECT $1, $2, $3, $4, repeat('x', $5) FROM generate_series(1, $6)`,
          [id(i), i, row.who, row.boss, row.length, row.copies],
        );
        // Those of a row that is not there belong to no session.
        await client.query(
          `INSERT INTO data SELECT $1, $2, 'a' || n, ${VALUES[valueType].sql} FROM generate_series(1, $3) n`,
          [id(i), i, row.attributes],
        );
      }
      await client.query("CREATE INDEX ON data (id); CREATE INDEX ON data (key)");
      const opened = await openStore(database, describeStore(made));
      const { chunks } = await readByPlan(opened, made.chunkSize);
      const ids = rows.map((_, i) => id(i));
      const byIds = await opened.readByIds(ids);
      const byPages = hasConstraint ? [await readByPages(database, made)] : [];
      for (const read of [chunks.flat(), byIds, ...byPages]) {
        expect(read.map((session) => String(session.id)).toSorted()).toEqual(
          rows.flatMap(({ copies }, i) => Array.from({ length: copies }, () => id(i))).toSorted(),
        );
        for (const session of read) {
          const i = ids.indexOf(session.id);
          const row = rows[i]!;
          expect(session.isShared).toBe(row.copies > 1);
          if (session.isShared) continue;
          expect(session.columns["note"]).toBe("x".repeat(row.length));
          const names = made.lookups.map((_, lookup) =>
            lookup === 0 ? session.columns["name"] : session.columns[`${lookup + 1}.name`],
          );
          expect(names).toEqual(made.lookups.map((from) => nameOf(row[from])));
          const attributes = Array.from({ length: session.attributes.length / 2 }, (_, place) =>
            session.attributes.slice(2 * place, 2 * place + 2),
          );
          expect(attributes.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))).toEqual(
            made.attributes === "none"
              ? []
              : Array.from({ length: row.attributes }, (_, n) => [
                  `a${n + 1}`,
                  VALUES[valueType].value(n + 1),
                ]),
          );
        }
      }
      const listed = await collect(
        opened.sessions.listExpiries({ after: null, upTo: null }, { startedAt: 0 }),
      );
      expect(listed).toHaveLength(chunks.flat().length);
    }),
    { numRuns: 40, seed },
  );
}, 180_000);
