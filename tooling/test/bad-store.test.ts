import { describe, expect, it } from "vitest";
import type { House } from "../src/e2e/house.js";
import { folderWith } from "./folder-fixture.js";
import { bareHouse } from "./house-fixture.js";

/** A table with a column of every sort that matters here. */
const TABLES = `
  CREATE TABLE t (id text PRIMARY KEY, number int, ends timestamptz, seen timestamp, who text, ip inet, tags text[]);
  CREATE TABLE other (id text PRIMARY KEY, who text, ends timestamptz);
  CREATE TABLE attribute (id text, name text, value text);
  CREATE TABLE session (sid text PRIMARY KEY, sess inet, expire timestamp);
  CREATE SCHEMA a; CREATE TABLE a.twice (id text, who text, ends timestamptz);
  CREATE SCHEMA b; CREATE TABLE b.twice (id text, who text, ends timestamptz);
  CREATE SCHEMA c; CREATE TABLE c.hidden (id text);
  INSERT INTO t VALUES ('canary-id', 1, '2099-01-01', now(), 'canary-value')`;

const sessions = { table: "t", id: "id", expires: "ends", fields: { who: "who" } };

/** Refused before the source is looked at. */
const MALFORMED: readonly (readonly [store: unknown, says: RegExp])[] = [
  ["conect-pg-simple", /: store: unknown preset, did you mean connect-pg-simple\? \(there are: /],
  [{ preset: "Laravle" }, /: store\.preset: unknown preset, did you mean laravel\?/],
  [{ preset: "scs", tabel: "x" }, /: store\.tabel: unknown \(scs has: table, keyPrefix\)/],
  [{ preset: "scs", table: "a.b.c" }, /: store\.table: must be a table's name, \[schema\.\]table/],
  ["laravel", /: store\.lifetimeSeconds: must be given for laravel.*SESSION_LIFETIME times 60/],
  [
    { preset: "laravel", lifetimeSeconds: null },
    /: store\.lifetimeSeconds: must be given for laravel/,
  ],
  [{ sessions, vlaue: "hash" }, /: store\.vlaue: unknown \(there are: sessions, lookups, /],
  [{ sessions, value: "hsah" }, /: store\.value: must be "hash", "json" or \{ string: column/],
  [
    { sessions: { ...sessions, fields: { who: { column: "who", codec: "bas64" } } } },
    /: store\.sessions\.fields\.who\.codec: must be one of text, bytes, base64, hex, /,
  ],
  [
    { sessions: { ...sessions, expires: { column: "ends", as: "seconds" } } },
    /: store\.sessions\.expires\.as: must be one of time, epoch-seconds, epoch-milliseconds/,
  ],
  [
    { sessions, lookups: [{ table: "other", key: "id", from: "id", fields: { who: "who" } }] },
    /: store\.lookups\[0\]\.fields\.who: another field has this name/,
  ],
];

/** Refused by what the catalogue says. */
const UNFIT: readonly (readonly [store: unknown, says: RegExp])[] = [
  ["scs", /table sessions is missing \(store\.table\)\. /],
  ["connect-pg-simple", /column session\.sess is of type inet, .* must be .*\(store\)/],
  [
    { sessions: { ...sessions, table: "nowhere" } },
    /table nowhere is missing \(store\.sessions\.table\)/,
  ],
  [
    { sessions: { ...sessions, table: "hidden" } },
    /table hidden is missing \(store\.sessions\.table\)\. There is c\.hidden: name it with its schema/,
  ],
  [
    { sessions: { ...sessions, table: "twice" } },
    /table twice is ambiguous: there are a\.twice and b\.twice \(store\.sessions\.table\)\. Name it with its schema/,
  ],
  [
    { sessions: { ...sessions, fields: { who: "whom" } } },
    /column t\.whom is missing \(store\.sessions\.fields\.who\)\. The table has id, number, ends, /,
  ],
  [
    { sessions: { ...sessions, fields: { ip: "ip" } } },
    /column t\.ip is of type inet, and it must be text, a number, .*\(store\.sessions\.fields\.ip\)/,
  ],
  [
    { sessions: { ...sessions, fields: { tags: "tags" } } },
    /column t\.tags is of type text\[\], .*\(store\.sessions\.fields\.tags\)/,
  ],
  [
    { sessions: { ...sessions, id: "number" } },
    /t\.number is of type integer.*\(store\.sessions\.id\)/,
  ],
  [
    { sessions: { ...sessions, expires: "number" } },
    /t\.number is of type integer, and it must be timestamp.*\(store\.sessions\.expires\)/,
  ],
  [
    { sessions, lookups: [{ table: "other", key: "ends", from: "who", fields: { x: "who" } }] },
    /other\.ends is of type timestamp with time zone, and it must be text.*\(store\.lookups\[0\]\.key\)/,
  ],
  [
    { sessions, attributes: { table: "attribute", session: "id", name: "nam", value: "value" } },
    /attribute\.nam is missing \(store\.attributes\.name\)/,
  ],
  [
    { sessions: { ...sessions, expires: "seen" }, zone: "Europe/Belin" },
    /knows no zone "Europe\/Belin" \(store\.zone\)\. Name one such as Europe\/Berlin/,
  ],
  [
    { sessions: { ...sessions, table: "two\nlines\u009b31m" } },
    /table two\\u\{a\}lines\\u\{9b\}31m is missing/,
  ],
];

/** One line on stderr, exit 2, and nothing on any server. */
async function expectRefusal(
  house: House,
  [config, says]: readonly [config: unknown, says: RegExp],
  options: { args?: readonly string[]; environment?: Record<string, string> } = {},
): Promise<void> {
  const folder = await folderWith({ "rehome.config.json": JSON.stringify(config) });
  const args = options.args ?? ["start"];
  const { code, stdout, stderr } = await house.rehome(args, options.environment, folder);
  const lines = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("warning: "));
  expect(lines, stderr).toHaveLength(1);
  expect(lines[0]).toMatch(says);
  expect(stderr).not.toMatch(/canary|\u009b/);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(await house.queue.dbsize()).toBe(0);
  expect(await house.target.dbsize()).toBe(0);
}

/** Two at a time: there are not more processors. */
async function expectRefusals(
  house: House,
  cases: readonly (readonly [store: unknown, says: RegExp])[],
  args: readonly string[],
): Promise<void> {
  for (let i = 0; i < cases.length; i += 2) {
    const two = cases.slice(i, i + 2);
    await Promise.all(
      two.map(([store, says]) => expectRefusal(house, [{ store }, says], { args })),
    );
  }
}

async function houseWithTables(): Promise<House> {
  const house = await bareHouse();
  await house.source.query(TABLES);
  await house.source.query(
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, a, b', current_database()); END $$",
  );
  return house;
}

describe("a store that cannot be is refused by its path in the config, and nothing is written anywhere,", () => {
  it("where the description is wrong", async () => {
    const house = await houseWithTables();
    await expectRefusals(house, MALFORMED, ["start"]);
    await expectRefusal(house, [{ store: "redis" }, /: store: unknown preset \(there are: /], {
      args: ["plan"],
    });
  });

  it("where the source does not fit it", async () => {
    const house = await houseWithTables();
    await expectRefusals(house, UNFIT, ["start"]);
    await expectRefusals(house, UNFIT.slice(0, 2), ["plan"]);
  });

  it("where a rename gives two fields one name", async () => {
    await expectRefusal(await bareHouse(), [
      {
        store: { sessions: { ...sessions, fields: { who: "who", nr: "number" } } },
        mapping: { renames: { who: "nr" } },
      },
      /: mapping\.renames\.who: who and nr would both be named nr|: mapping\.renames\.who: nr and who would both be named nr/,
    ]);
  });

  it("where its keys would lie among the queue's, on one server", async () => {
    const house = await houseWithTables();
    const environment = { TARGET_URL: house.urls["QUEUE_URL"] ?? "" };
    for (const [config, path] of [
      [{ store: { sessions, keyPrefix: "{rehome}:s:" } }, "store\\.keyPrefix"],
      [{ store: { sessions, keyPrefix: "{" } }, "store\\.keyPrefix"],
      [{ store: { sessions }, mapping: { keyPrefix: "{rehome}" } }, "mapping\\.keyPrefix"],
    ] as const) {
      const says = new RegExp(`one server, and ${path} overlaps \\{rehome\\}.*another keyPrefix`);
      await expectRefusal(house, [config, says], { environment });
    }
  });
});
