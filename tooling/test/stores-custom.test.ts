import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { House } from "../src/e2e/house.js";
import {
  applicationKeys,
  type Moved,
  moveStore,
  openStaffedHouse,
  startZonedPostgres,
} from "./store-fixture.js";

// Of our programs; never the server's zone.
process.env["TZ"] = "Pacific/Auckland";

/** More than two chunks of ten, where the order is that of the ids. */
const MANY = 25;

let house: House;

beforeAll(async () => {
  house = await openStaffedHouse(await startZonedPostgres("Asia/Kolkata"));
});

beforeEach(async () => {
  await house.target.flushall();
});

/** A run of which every session is migrated, and verified. */
async function expectMoved(sessions: number, store: unknown, start?: object): Promise<Moved> {
  const moved = await moveStore(house, store, start);
  expect(moved.rejects).toEqual([]);
  expect(moved.status.sessions).toMatchObject({ read: sessions, migrated: sessions, rejected: 0 });
  expect(moved.verification).toMatchObject({ checked: sessions, matched: sessions, ok: true });
  return moved;
}

describe("a store of one's own", () => {
  it("may have names in upper and lower case, with spaces, dots and quotes", async () => {
    await house.source.query(`
      CREATE SCHEMA "My Shop";
      CREATE TABLE "My Shop"."Web.Sessions" (
        "Session Id" varchar(64) PRIMARY KEY, "User ""Id""" bigint, "Last Seen" timestamptz, "ValidUntil" timestamptz,
        "isAdmin" boolean, "select" numeric(10, 2), "Größe" jsonb, "$1" date, "secret" text
      );
      INSERT INTO "My Shop"."Web.Sessions"
      SELECT 'Session ' || i, 9007199254740993 + i, '2026-02-03 04:05:06.123456+00', '2099-12-31 23:59:59.987+00',
             i % 2 = 0, i / 4.0, '{"cm": "½"}', '2026-02-28', 'not asked for'
        FROM generate_series(1, ${MANY}) AS i;`);
    await expectMoved(MANY, {
      sessions: {
        table: 'My Shop."Web.Sessions"',
        id: "Session Id",
        expires: "ValidUntil",
        recency: "Last Seen",
        fields: {
          "user id": 'User "Id"',
          lastSeen: "Last Seen",
          admin: "isAdmin",
          größe: "Größe",
          price: "select",
          'a "quote"': "$1",
        },
      },
      keyPrefix: "Shop's sessions/",
    });

    expect(await applicationKeys(house)).toHaveLength(MANY);
    expect(await house.target.hgetall("Shop's sessions/Session 3")).toEqual({
      "user id": "9007199254740996",
      lastSeen: "2026-02-03T04:05:06.123456Z",
      admin: "false",
      größe: '{"cm": "½"}',
      price: "0.75",
      'a "quote"': "2026-02-28",
    });
    expect(await house.target.pexpiretime("Shop's sessions/Session 3")).toBe(
      Date.parse("2099-12-31T23:59:59.987Z"),
    );
  });

  it("may be a view with ids of type uuid, and rows without an expiry that live for a given time", async () => {
    await house.source.query(`
      CREATE TABLE device (id uuid PRIMARY KEY, account text, used_at timestamp, lifetime interval);
      INSERT INTO device
      SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(i * 7919), 12, '0'))::uuid, 'account ' || i,
             '2098-12-31 05:30:00.25', CASE WHEN i > 1 THEN interval '1 day' END
        FROM generate_series(1, ${MANY}) AS i;
      CREATE VIEW active_device AS
      SELECT id, upper(account) AS account, used_at + lifetime AS valid_until FROM device;`);
    const begun = Date.now();
    await expectMoved(
      MANY,
      {
        sessions: {
          table: "active_device",
          id: "id",
          expires: { column: "valid_until", ifMissing: 3_600 },
          fields: { account: "account" },
        },
      },
      { allowSharedIds: true },
    );
    const done = Date.now();

    const keys = await applicationKeys(house);
    expect(keys).toHaveLength(MANY);
    const [endless, ...others] = keys;
    expect(endless).toBe("session:00000000-0000-4000-8000-000000001eef");
    expect(await house.target.hgetall(endless!)).toEqual({ account: "ACCOUNT 1" });
    const expiresAt = await house.target.pexpiretime(endless!);
    expect(expiresAt).toBeGreaterThanOrEqual(begun + 3_600_000);
    expect(expiresAt).toBeLessThanOrEqual(done + 3_600_000);
    for (const key of others)
      expect(await house.target.pexpiretime(key)).toBe(Date.parse("2099-01-01T00:00:00.250Z"));
  });

  it("may keep its attributes in a partitioned table", async () => {
    await house.source.query(`
      CREATE TABLE visitor (id text PRIMARY KEY, ends bigint NOT NULL);
      CREATE TABLE visitor_value (visitor text, name text, value text, PRIMARY KEY (visitor, name))
        PARTITION BY HASH (visitor);
      CREATE TABLE visitor_value_0 PARTITION OF visitor_value FOR VALUES WITH (MODULUS 3, REMAINDER 0);
      CREATE TABLE visitor_value_1 PARTITION OF visitor_value FOR VALUES WITH (MODULUS 3, REMAINDER 1);
      CREATE TABLE visitor_value_2 PARTITION OF visitor_value FOR VALUES WITH (MODULUS 3, REMAINDER 2);
      INSERT INTO visitor SELECT 'visitor ' || i, 4070908800 FROM generate_series(1, ${MANY}) AS i;
      INSERT INTO visitor_value
      SELECT 'visitor ' || i, 'name ' || j, 'value ' || i * j FROM generate_series(1, ${MANY}) AS i, generate_series(1, i) AS j;
      INSERT INTO visitor_value VALUES ('nobody', 'name', 'of no session');`);
    await expectMoved(MANY, {
      sessions: { table: "visitor", id: "id", expires: { column: "ends", as: "epoch-seconds" } },
      attributes: {
        table: "visitor_value",
        session: "visitor",
        name: "name",
        value: "value",
        prefix: "attribute:",
      },
      keyPrefix: "visitor:",
    });

    for (let i = 1; i <= MANY; i += 1) {
      const expected = Array.from({ length: i }, (_, at) => [
        `attribute:name ${at + 1}`,
        `value ${i * (at + 1)}`,
      ]);
      const key = `visitor:visitor ${i}`;
      expect(await house.target.hgetall(key)).toEqual(Object.fromEntries(expected));
      expect(await house.target.pexpiretime(key)).toBe(4_070_908_800_000);
    }
  });

  it("may hold values and ids of any bytes, and they stay what they are", async () => {
    const rows = [
      { id: Buffer.from([0x00]), value: Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x0a]) },
      { id: Buffer.from("00ff", "hex"), value: Buffer.alloc(0) },
      { id: Buffer.from("*?[a]\\\r\n{}"), value: Buffer.from("plain") },
      { id: Buffer.from("c328fffe80", "hex"), value: Buffer.from("\\x616263") },
      ...Array.from({ length: MANY }, (_, i) => ({
        id: Buffer.alloc(32, i + 128),
        value: Buffer.alloc(20_000 * i + 1, i + 128),
      })),
    ];
    await house.source.query(
      "CREATE TABLE sealed (id bytea PRIMARY KEY, sealed bytea, ends timestamptz)",
    );
    for (const { id, value } of rows)
      await house.source.query("INSERT INTO sealed VALUES ($1, $2, '2099-01-01Z')", [id, value]);
    await expectMoved(rows.length, {
      sessions: { table: "sealed", id: "id", expires: "ends" },
      value: { string: "sealed", codec: "bytes" },
      keyPrefix: "sealed:",
    });

    expect(await applicationKeys(house)).toHaveLength(rows.length);
    for (const { id, value } of rows) {
      const key = Buffer.concat([Buffer.from("sealed:"), id]);
      expect((await house.target.getBuffer(key))?.equals(value), id.toString("hex")).toBe(true);
      expect(await house.target.pexpiretime(key)).toBe(Date.parse("2099-01-01T00:00:00Z"));
    }
  });

  it("may become one JSON object, which JSON.parse reads", async () => {
    await house.source.query(`
      CREATE TABLE person (id int PRIMARY KEY, login text NOT NULL, born date);
      CREATE TABLE team (name varchar(20) PRIMARY KEY, size smallint);
      CREATE TABLE login (
        token text PRIMARY KEY, person int, team varchar(20), score float8, admin boolean, seen timestamp, cart json,
        settings jsonb, raw text, ends timestamptz
      );
      CREATE TABLE login_note (token text, k text, v jsonb);
      INSERT INTO person VALUES (1, 'Zoë "Z" \\ ' || chr(1) || '👩‍👩‍👧', '1999-12-31');
      INSERT INTO team VALUES ('red', 3);
      INSERT INTO login VALUES
        ('full', 1, 'red', 0.1, true, '2026-02-03 09:35:06.123456', '{"a":[1,{"b":null}], "n":"x\\u0000y"}', '{"dark": true}',
         '68656C6c6f', '2099-01-01Z'),
        ('bare', 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2099-01-01Z');
      INSERT INTO login_note VALUES ('full', 'list', '[1, 2.50]'), ('full', '__proto__', '"text"'), ('full', 'none', NULL);`);
    await expectMoved(2, {
      sessions: {
        table: "login",
        id: "token",
        expires: "ends",
        fields: {
          "user.id": "person",
          score: "score",
          "user.admin": "admin",
          seen: "seen",
          cart: "cart",
          "user.settings": "settings",
          raw: { column: "raw", codec: "hex" },
        },
      },
      lookups: [
        {
          table: "person",
          key: "id",
          from: "person",
          fields: { "user.name": "login", born: "born" },
        },
        { table: "team", key: "name", from: "team", fields: { teamSize: "size" } },
      ],
      attributes: { table: "login_note", session: "token", name: "k", value: "v" },
      value: "json",
    });

    const read = async (key: string) => JSON.parse((await house.target.get(key)) ?? "") as unknown;
    expect(await read("session:full")).toEqual({
      user: {
        id: 1,
        admin: true,
        settings: { dark: true },
        name: 'Zoë "Z" \\ \u0001👩‍👩‍👧',
      },
      score: 0.1,
      seen: "2026-02-03T04:05:06.123456Z",
      cart: { a: [1, { b: null }], n: "x\u0000y" },
      raw: "hello",
      born: "1999-12-31",
      teamSize: 3,
      list: [1, 2.5],
      ["__proto__"]: "text",
      none: null,
    });
    expect(await read("session:bare")).toEqual({
      user: { id: 2, admin: null, settings: null, name: null },
      score: null,
      seen: null,
      cart: null,
      raw: null,
      born: null,
      teamSize: null,
    });
  });

  it("may have rows that share an id, where that is allowed: they are all rejected, since none is the right one", async () => {
    await house.source.query(`
      CREATE TABLE shared (id text, value text, ends timestamptz DEFAULT '2099-01-01Z');
      INSERT INTO shared SELECT 'own ' || i, i FROM generate_series(1, ${MANY}) AS i;
      INSERT INTO shared SELECT 'shared', i FROM generate_series(1, 2) AS i;`);
    const { status, verification, rejects } = await moveStore(
      house,
      {
        sessions: { table: "shared", id: "id", expires: "ends" },
        value: { string: "value" },
      },
      { allowSharedIds: true },
    );
    expect(status.sessions).toMatchObject({ read: MANY + 2, migrated: MANY, rejected: 2 });
    expect(verification).toMatchObject({ matched: MANY, rejected: 2, mismatched: 0, ok: true });
    expect(new Set(rejects.map(({ code }) => code))).toEqual(new Set(["unrepresentable"]));
    expect(rejects[0]?.message).toBe("several rows of the source have this id");
    expect(await applicationKeys(house)).not.toContain("session:shared");
    expect(await applicationKeys(house)).toHaveLength(MANY);
  });

  it("may be several tables in two schemas, whose times are meant in a zone that is not the server's", async () => {
    await house.source.query(`
      CREATE SCHEMA auth;
      CREATE TABLE account (id serial PRIMARY KEY, login text);
      CREATE TABLE auth.login (token text PRIMARY KEY, account int, valid_until timestamp, last_seen timestamp);
      CREATE TABLE login_data (token text REFERENCES auth.login, k text, v text, PRIMARY KEY (token, k));
      INSERT INTO account (login) VALUES ('ada'), ('bob');
      INSERT INTO auth.login
      SELECT 'token ' || i, i % 3, '2099-07-01 02:00:00.5', '2026-01-02 04:04:05.000006' FROM generate_series(1, ${MANY}) AS i;
      INSERT INTO auth.login VALUES ('ended', 1, '2020-01-01', '2019-12-31');
      INSERT INTO login_data SELECT token, 'theme', 'of ' || token FROM auth.login;`);
    // The application, switched in part, has seen the one of them later, and the other earlier.
    await house.target.hset("session:token 4", { last_activity_at: "2026-01-02T03:04:05.000007Z" });
    await house.target.hset("session:token 5", { last_activity_at: "2026-01-02T03:04:05.000005Z" });
    const { status, verification } = await moveStore(house, {
      sessions: {
        table: "auth.login",
        id: "token",
        expires: "valid_until",
        recency: "last_seen",
        fields: { user_id: "account", last_activity_at: "last_seen" },
      },
      lookups: [{ table: "account", key: "id", from: "account", fields: { username: "login" } }],
      attributes: { table: "login_data", session: "token", name: "k", value: "v" },
      value: "hash",
      zone: "Europe/Berlin",
    });
    expect(status.sessions).toMatchObject({ migrated: MANY - 1, kept: 1, expired: 1, rejected: 0 });
    expect(verification).toMatchObject({ matched: MANY - 1, kept: 1, expired: 1, ok: true });

    const common = { last_activity_at: "2026-01-02T03:04:05.000006Z" };
    for (const [key, fields] of [
      ["token 1", { user_id: "1", username: "ada", theme: "of token 1" }],
      ["token 3", { user_id: "0", theme: "of token 3" }],
      ["token 5", { user_id: "2", username: "bob", theme: "of token 5" }],
    ] as const) {
      expect(await house.target.hgetall(`session:${key}`)).toEqual({ ...common, ...fields });
      expect(await house.target.pexpiretime(`session:${key}`)).toBe(
        Date.parse("2099-07-01T00:00:00.500Z"),
      );
    }
    expect(await house.target.hgetall("session:token 4")).toEqual({
      last_activity_at: "2026-01-02T03:04:05.000007Z",
    });
  });
});
