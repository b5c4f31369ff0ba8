import { execFile } from "node:child_process";
import { access, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type PostgresServer, startPostgres } from "@rehome/tooling/local-services";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSource } from "../src/index.js";
import { isNewer } from "../src/postgres/physical/open-rows.js";
import { CREATE_LOGIN, expectComplete, planRun } from "./physical-fixture.js";
import { type Database, databaseOf, failureOf, settle } from "./source-fixture.js";

const EPOCH = 2n ** 32n;
const ROWS = 100;
/** More than other tests on the same server begin meanwhile. */
const AHEAD = 10_000n;
const TABLE = `${CREATE_LOGIN}; INSERT INTO login SELECT i, repeat('x', 900) FROM generate_series(1, ${ROWS}) i`;

/** The next transaction's id, as 64 bits. */
async function nextXid({ client }: Pick<Database, "client">): Promise<bigint> {
  const { rows } = await client.query<{ next: string }>(
    "SELECT txid_snapshot_xmax(txid_current_snapshot())::text AS next",
  );
  return BigInt(rows[0]!.next);
}

/** Plans as if it had been then, and moves a row before the plan is read. */
async function closeSince(database: Database, since: bigint): Promise<string[]> {
  const run = await planRun(database, { since: String(since) });
  for (let chunk = 0; chunk < run.chunks; chunk += 1) await run.read(chunk);
  await database.client.query("UPDATE login SET sess = sess || 'y' WHERE sid = '7'");
  const closing = await run.read(run.chunks);
  await expectComplete(database, run);
  return closing;
}

describe("a server that has not yet seen what was there when the plan was made", () => {
  it("is waited for, by every chunk, and read once it has", async () => {
    const database = await databaseOf(TABLE);
    const ahead = (await nextXid(database)) + AHEAD;
    const run = await planRun(database, { since: String(ahead) });
    for (const chunk of [0, run.chunks - 1, run.chunks]) {
      expect(await failureOf(run.read(chunk))).toMatchObject({
        name: "RehomeError",
        code: "source-behind",
        unavailable: true,
      });
    }
    await database.client.query(`CREATE TABLE noise (i int); DO $$ BEGIN FOR i IN 1 .. ${AHEAD} LOOP
      BEGIN INSERT INTO noise VALUES (i); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$`);
    await settle(database);
    expect(await run.readFrom(0)).toEqual([]);
    await expectComplete(database, run);
  });

  it("is not read by the order of a later epoch", async () => {
    const database = await databaseOf(TABLE);
    const next = await nextXid(database);
    for (const since of [EPOCH, EPOCH + next, next + 2n ** 31n, 5n * EPOCH + 3n]) {
      const run = await planRun(database, { since: String(since) });
      expect(await failureOf(run.read(run.chunks))).toMatchObject({ code: "source-behind" });
    }
  });
});

describe("the closing chunk", () => {
  it("reads what is newer than the plan, or all of it where nothing is known to be older", async () => {
    const database = await databaseOf(TABLE);
    expect(await closeSince(database, await settle(database))).toEqual(["7"]);
    for (const since of [0n, 1n, 2n, 3n])
      expect(await closeSince(database, since)).toHaveLength(ROWS);
  });

  it("does so in a later epoch, on either side of its beginning", async ({ skip }) => {
    const database = await inEpoch(7n);
    if (database === null) {
      skip("the server has no pg_resetwal");
      return;
    }
    const next = await nextXid(database);
    expect(next / EPOCH).toBe(7n);
    expect(await closeSince(database, next)).toEqual(["7"]);
    const begin = 7n * EPOCH;
    for (const since of [
      ...[-1_000n, -1n, 0n, 1n, 2n, 3n].map((offset) => begin + offset),
      ...[0n, 1n, -1n, 1_000_000n].map((offset) => next - 2n ** 31n + offset),
      begin - EPOCH,
      next - EPOCH,
      3n,
      0n,
    ])
      expect(await closeSince(database, since), String(since)).toHaveLength(ROWS);
    const later = await planRun(database, { since: String(next + EPOCH) });
    expect(await failureOf(later.read(0))).toMatchObject({ code: "source-behind" });
    await expectExact(database);
  });
});

describe("of two transactions, the newer one is known by 32 bits", () => {
  it("also where a row holds the id of one of an earlier epoch", async () => {
    await expectExact(await databaseOf(TABLE));
  });
});

/** Of every id that a row may hold, each since that is not too old. */
async function expectExact(database: Database): Promise<void> {
  const next = await nextXid(database);
  const ages = [0, 1, 2, 5, 50, 1_000, 1e6, 1e9, 2 ** 31 - 1e6 - 1].map(BigInt);
  const sinces = ages.map((age) => next - age).filter((since) => since >= 3n && isXid(since));
  const xids = new Set<bigint>();
  for (const since of [...sinces, next, next + 2n ** 30n])
    for (const offset of [-3n, -1n, 0n, 1n, 2n, 3n]) xids.add(since + offset);
  const rows = [...xids].filter((xid) => xid >= 3n && isXid(xid));
  for (const since of sinces) {
    const found = await database.client.query<{ xid: string }>(
      `SELECT xid FROM unnest($1::text[]) AS xid
        WHERE ${isNewer("(xid::bigint % 4294967296)::text::xid", String(since), { from: String(next), upTo: String(next) })}`,
      [rows.map(String)],
    );
    const expected = rows.filter((xid) => xid >= since && xid < next);
    const newer = new Set(found.rows.map(({ xid }) => BigInt(xid)));
    expect(expected.filter((xid) => !newer.has(xid))).toEqual([]);
    // The server may have begun another transaction meanwhile.
    expect([...newer].filter((xid) => xid < since || xid > next + 100n)).toEqual([]);
  }
}

/** The first three ids of each epoch stand for no transaction. */
function isXid(xid: bigint): boolean {
  return BigInt.asUintN(32, xid) >= 3n;
}

/** On a server of its own; null where its epoch cannot be set. */
async function inEpoch(epoch: bigint): Promise<Database | null> {
  const server = await startPostgres();
  onTestFinished(() => server.stop());
  const resetter = await findResetter(server);
  if (resetter === null) return null;
  const data = join(server.dir, "data");
  const { uid, gid } = await stat(data);
  process.kill(server.pid, "SIGINT");
  await expect
    .poll(
      () =>
        access(join(data, "postmaster.pid")).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(false);
  await promisify(execFile)(resetter, ["-e", String(epoch), "-D", data], { uid, gid, cwd: data });
  await server.restart();
  const url = new URL(server.url);
  const client = new pg.Client({ connectionString: url.href });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  const source = openSource(url);
  onTestFinished(() => source.close());
  await client.query(TABLE);
  return { url, client, source };
}

async function findResetter({ url }: PostgresServer): Promise<string | null> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ setting: string }>(
    "SELECT setting FROM pg_config WHERE name = 'BINDIR'",
  );
  await client.end();
  const path = join(rows[0]!.setting, "pg_resetwal");
  return await access(path).then(
    () => path,
    () => null,
  );
}
