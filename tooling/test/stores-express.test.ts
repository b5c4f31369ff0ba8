import { setTimeout as sleep } from "node:timers/promises";
import connectPgSimple from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import { ConnectSessionKnexStore } from "connect-session-knex";
import connectSessionSequelize from "connect-session-sequelize";
import session from "express-session";
import knex from "knex";
import pg from "pg";
import { createClient } from "redis";
import { Sequelize } from "sequelize";
import { beforeAll, describe, expect, it } from "vitest";
import type { House } from "../src/e2e/house.js";
import { type Application, type Browser, logIn, startApplication } from "./express-fixture.js";
import {
  applicationKeys,
  closeLater,
  type Moved,
  moveStore,
  openStaffedHouse,
  startZonedPostgres,
} from "./store-fixture.js";

// Of this process, so of the applications, and of our programs, which it starts: another one than the server's.
process.env["TZ"] = "Pacific/Auckland";
const SERVER_ZONE = "Asia/Kolkata";
const APPLICATION_ZONE = "America/New_York";

const HALF_AN_HOUR = 1_800_000;
const ONE_DAY = 86_400_000;
/** connect-pg-simple rounds up to a whole second. */
const ROUNDING_MS = 1_000;

const USER = {
  name: "Zoë Łukasiewicz",
  city: "東京",
  family: "👩‍👩‍👧 e\u0301 \u202e",
  nul: "before\u0000after",
  quoted: "\"'\\ \n\t\u2028 $1 %s {}",
  numbers: [0, -1, 0.1, 1e21, Number.MAX_SAFE_INTEGER],
  nested: { list: [null, true, { "": [[]], "a.b": {}, ["__proto__"]: "plain data" }] },
  page: "0123456789abcdef".repeat(1_000),
};

interface SqlStore {
  readonly name: string;
  /** As it stands in the config file. */
  readonly config: unknown;
  /** SQL: the table, its columns, and the expiry as an absolute time. */
  readonly table: string;
  readonly expires: string;
  readonly value: string;
  readonly absolute: string;
  /** Of the application's RedisStore, if it is not that store's default. */
  readonly prefix?: string;
  open(sourceUrl: string): Promise<session.Store>;
}

async function openPgSimple(
  connection: pg.PoolConfig,
  options: { readonly schemaName?: string; readonly tableName?: string } = {},
): Promise<session.Store> {
  const pool = new pg.Pool(connection);
  closeLater(() => pool.end());
  if (options.schemaName !== undefined) await pool.query(`CREATE SCHEMA ${options.schemaName}`);
  const PgStore = connectPgSimple(session);
  return new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false, ...options });
}

async function openKnex(connectionString: string): Promise<session.Store> {
  const database = knex({ client: "pg", connection: { connectionString } });
  closeLater(() => database.destroy());
  const store = new ConnectSessionKnexStore({ knex: database, cleanupInterval: 0 });
  await store.ready;
  return store;
}

async function openSequelize(sourceUrl: string): Promise<session.Store> {
  const db = new Sequelize(sourceUrl, { logging: false });
  closeLater(() => db.close());
  const store = new (connectSessionSequelize(session.Store))({ db, checkExpirationInterval: 0 });
  await store.sync();
  return store;
}

const PG_SIMPLE = { table: "session", expires: "expire", value: "sess" };

const SQL_STORES: readonly SqlStore[] = [
  {
    ...PG_SIMPLE,
    name: "connect-pg-simple",
    config: "connect-pg-simple",
    absolute: `expire AT TIME ZONE '${SERVER_ZONE}'`,
    open: (connectionString) => openPgSimple({ connectionString }),
  },
  {
    ...PG_SIMPLE,
    name: "connect-pg-simple with a schema, a table, a prefix and a TimeZone of its own",
    config: {
      preset: "connect-pg-simple",
      table: "app.web_session",
      keyPrefix: "web:",
      zone: APPLICATION_ZONE,
    },
    table: "app.web_session",
    absolute: `expire AT TIME ZONE '${APPLICATION_ZONE}'`,
    prefix: "web:",
    open: (connectionString) =>
      openPgSimple(
        { connectionString, options: `-c TimeZone=${APPLICATION_ZONE}` },
        { schemaName: "app", tableName: "web_session" },
      ),
  },
  {
    name: "connect-session-knex",
    config: "connect-session-knex",
    table: "sessions",
    expires: "expired",
    value: "sess",
    absolute: "expired",
    open: openKnex,
  },
  {
    name: "connect-session-sequelize",
    config: "connect-session-sequelize",
    table: '"Sessions"',
    expires: "expires",
    value: "data",
    absolute: "expires",
    open: openSequelize,
  },
];

interface Row {
  readonly sid: string;
  readonly value: string;
  /** Unix milliseconds; with a fraction. */
  readonly expiresAt: number;
}

async function readRows(
  { source }: House,
  { table, value, absolute }: SqlStore,
): Promise<Map<string, Row>> {
  const { rows } = await source.query<{ sid: string; value: string; at: string }>(
    `SELECT sid, ${value}::text AS value, extract(epoch FROM ${absolute}) * 1000 AS at FROM ${table}`,
  );
  return new Map(rows.map((row) => [row.sid, { ...row, expiresAt: Number(row.at) }]));
}

/** The application on connect-redis. */
async function switchedApplication({ servers }: House, prefix?: string): Promise<Application> {
  const client = await createClient({ url: servers.target.url }).connect();
  closeLater(() => client.close());
  return await startApplication(
    new RedisStore({ client, ...(prefix !== undefined && { prefix }) }),
  );
}

const cookieExpires = (value: string) => {
  const { cookie } = JSON.parse(value) as { cookie: { expires: string | null } };
  return cookie.expires === null ? null : Date.parse(cookie.expires);
};

let house: House;

beforeAll(async () => {
  house = await openStaffedHouse(await startZonedPostgres(SERVER_ZONE));
});

describe.each(SQL_STORES)("a session written by $name", (sqlStore) => {
  const { table, expires, value, prefix = "sess:" } = sqlStore;
  let before: Application;
  let after: Application;
  let moved: Moved;
  /** Everything the application did before it was switched, it did between these. */
  let [begun, done] = [0, 0];
  let rows: Map<string, Row>;
  let browsers: Record<"plain" | "forgotten" | "touched" | "old" | "expired" | "leaving", Browser>;
  let others: Browser[];
  /** What the application answered before it was switched. */
  const answers = new Map<Browser, string>();
  const expiries = new Map<string, number>();
  const rowOf = ({ sessionId }: Browser) => rows.get(sessionId)!;
  const expiryOf = ({ sessionId }: Browser) => expiries.get(`${prefix}${sessionId}`)!;
  const expectLifetime = (browser: Browser, milliseconds: number) => {
    expect(expiryOf(browser)).toBeGreaterThanOrEqual(begun + milliseconds);
    expect(expiryOf(browser)).toBeLessThanOrEqual(done + milliseconds + ROUNDING_MS);
  };

  beforeAll(async () => {
    await house.target.flushall();
    const store = await sqlStore.open(house.urls["SOURCE_URL"]!);
    before = await startApplication(store);
    closeLater(() => before.close());

    begun = Date.now();
    browsers = {
      plain: await logIn(before, USER, HALF_AN_HOUR),
      forgotten: await logIn(before, USER, null),
      touched: await logIn(before, USER, HALF_AN_HOUR),
      old: await logIn(before, USER, HALF_AN_HOUR),
      expired: await logIn(before, USER, HALF_AN_HOUR),
      leaving: await logIn(before, USER, HALF_AN_HOUR),
    };
    others = await Promise.all(
      Array.from({ length: 25 }, (_, i) => logIn(before, { ...USER, i }, HALF_AN_HOUR)),
    );
    await Promise.all(others.slice(5).map((browser) => browser.visit(before)));
    for (const browser of [...Object.values(browsers), ...others])
      answers.set(browser, await browser.account(before));

    // More than a second, since connect-pg-simple rounds up to one.
    await sleep(1_100);
    await browsers.touched.account(before);
    done = Date.now();
    // As if it had been touched for years: only the column follows.
    await house.source.query(
      `UPDATE ${table} SET ${value} = regexp_replace(${value}::text, '"expires":"....', '"expires":"2020')::${value === "sess" ? "json" : "text"} WHERE sid = $1`,
      [browsers.old.sessionId],
    );
    await house.source.query(
      `UPDATE ${table} SET ${expires} = ${expires} - interval '31 minutes' WHERE sid = $1`,
      [browsers.expired.sessionId],
    );
    rows = await readRows(house, sqlStore);

    moved = await moveStore(house, sqlStore.config);
    for (const key of await applicationKeys(house))
      expiries.set(key, await house.target.pexpiretime(key));
    after = await switchedApplication(house, prefix === "sess:" ? undefined : prefix);
    closeLater(() => after.close());
  });

  it("is carried over and verified, unless it has expired", async () => {
    const live = answers.size - 1;
    expect(moved.status.sessions).toMatchObject({ read: live + 1, migrated: live, expired: 1 });
    expect(moved.verification).toMatchObject({
      checked: live + 1,
      matched: live,
      missing: 0,
      mismatched: 0,
      expired: 1,
      ok: true,
    });
    const kept = [...rows.keys()].filter((sid) => sid !== browsers.expired.sessionId);
    expect([...expiries.keys()]).toEqual(kept.map((sid) => `${prefix}${sid}`).toSorted());
    expect(await browsers.expired.isLoggedIn(after)).toBe(false);
  });

  it("has its row's text, byte for byte", async () => {
    for (const key of expiries.keys())
      expect(await house.target.get(key)).toBe(rows.get(key.slice(prefix.length))!.value);
  });

  it("expires when its row does, to the millisecond, and when the application meant it to", () => {
    for (const [key, expiresAt] of expiries) {
      const row = rows.get(key.slice(prefix.length))!;
      expect(Math.abs(expiresAt - row.expiresAt)).toBeLessThanOrEqual(1);
    }
    for (const browser of [browsers.plain, browsers.leaving, ...others]) {
      expectLifetime(browser, HALF_AN_HOUR);
    }
  });

  it("is still logged in with the same cookie, and sees the same data", async () => {
    for (const [browser, answer] of answers)
      if (browser !== browsers.expired) expect(await browser.account(after)).toBe(answer);
    expect(JSON.parse(await browsers.plain.account(after))).toMatchObject({ user: USER });
  });

  it("lives as long as it was touched for, though its JSON has an earlier time, or one in the past", async () => {
    const touched = rowOf(browsers.touched);
    expect(touched.expiresAt).toBeGreaterThan(cookieExpires(touched.value)! + 1_000);
    expect(expiryOf(browsers.touched)).toBeGreaterThan(expiryOf(browsers.plain) + 500);

    expect(cookieExpires(rowOf(browsers.old).value)).toBeLessThan(Date.parse("2021-01-01"));
    expectLifetime(browsers.old, HALF_AN_HOUR);
    expect(await browsers.old.account(after)).toBe(answers.get(browsers.old));
  });

  it("lives one more day where the browser forgets its cookie when it is closed", async () => {
    expect(cookieExpires(rowOf(browsers.forgotten).value)).toBeNull();
    expectLifetime(browsers.forgotten, ONE_DAY);
    expect(await browsers.forgotten.account(after)).toBe(answers.get(browsers.forgotten));
  });

  it("can be changed, prolonged and ended by the application afterwards", async () => {
    const key = `${prefix}${browsers.leaving.sessionId}`;
    await browsers.leaving.visit(after);
    expect(JSON.parse(await browsers.leaving.account(after))).toMatchObject({ visits: 1 });
    expect(await house.target.pexpiretime(key)).toBeGreaterThan(expiries.get(key)!);
    await browsers.leaving.logout(after);
    expect(await browsers.leaving.isLoggedIn(after)).toBe(false);
    expect(await house.target.exists(key)).toBe(0);
  });
});
