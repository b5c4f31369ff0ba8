import type pg from "pg";
import { describe, expect, it } from "vitest";
import { type Database, databaseOf, settle } from "./source-fixture.js";
import {
  connect,
  CREATE_LOGIN,
  expectComplete,
  fillPages,
  makeHole,
  pageOf,
  planRun,
  valueOf,
} from "./physical-fixture.js";

const PAGES = 10;
const LAST = PAGES - 1;

type Write = (client: pg.Client, id: string, value: string) => Promise<void>;

const update: Write = async (client, id, value) => {
  await client.query("UPDATE login SET sess = $2 WHERE sid = $1", [id, value]);
};

/** How a transaction may come to write a row version. */
const WAYS: Readonly<Record<string, Write>> = {
  "an update": update,
  "an update of a row it had locked": async (client, id, value) => {
    await client.query("SELECT FROM login WHERE sid = $1 FOR UPDATE", [id]);
    await client.query("SAVEPOINT a");
    await update(client, id, value);
  },
  "a subtransaction that was released": async (client, id, value) => {
    await client.query("SAVEPOINT a; SAVEPOINT b");
    await update(client, id, value);
    await client.query("RELEASE a");
  },
  "a subtransaction after one that was rolled back": async (client, id, value) => {
    await client.query("SAVEPOINT a; DELETE FROM login WHERE sid LIKE '5.%'; ROLLBACK TO a");
    await update(client, id, value);
  },
  "a block of plpgsql that catches exceptions": async (client, id, value) => {
    await client.query(`DO $$ BEGIN
      BEGIN UPDATE login SET sess = '${value}' WHERE sid = '${id}'; EXCEPTION WHEN OTHERS THEN NULL; END;
      BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END; END $$`);
  },
  "one of more subtransactions than the server keeps in memory": async (client, id, value) => {
    await client.query(`DO $$ BEGIN FOR i IN 1 .. 70 LOOP
      BEGIN INSERT INTO noise VALUES (i); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$`);
    await client.query("SAVEPOINT a");
    await update(client, id, value);
  },
  "a deletion and an insertion": async (client, id, value) => {
    await client.query("DELETE FROM login WHERE sid = $1", [id]);
    await client.query("INSERT INTO login VALUES ($1, $2)", [id, value]);
  },
  "an insertion in conflict": async (client, id, value) => {
    await client.query(
      "INSERT INTO login VALUES ($1, $2) ON CONFLICT (sid) DO UPDATE SET sess = excluded.sess",
      [id, value],
    );
  },
};

const TIMES = [
  { begins: "before the plan", commits: "between chunks" },
  { begins: "before the plan", commits: "before the closing chunk" },
  { begins: "between chunks", commits: "between chunks" },
  { begins: "between chunks", commits: "before the closing chunk" },
] as const;

/** What follows the write at once, and what commits it. */
const ENDINGS = [
  { prepare: null, commit: "COMMIT" },
  { prepare: "PREPARE TRANSACTION 'move'", commit: "COMMIT PREPARED 'move'" },
] as const;

async function createLogin(): Promise<Database> {
  return await databaseOf(`${CREATE_LOGIN}; CREATE TABLE noise (i int)`);
}

describe.each([
  { to: "a page that was read", from: LAST, hole: 0 },
  { to: "a page that is yet to be read", from: 0, hole: LAST },
])("a session whose row moves to $to is read as it is then", ({ from, hole }) => {
  it.each(Object.entries(WAYS))("whenever its transaction commits: %s", async (_, write) => {
    const database = await createLogin();
    const writer = await connect(database);
    const id = `${from}.0`;
    for (const { begins, commits } of TIMES) {
      for (const { prepare, commit } of ENDINGS) {
        await fillPages(database, PAGES);
        await makeHole(database, hole);
        const beginMove = async () => {
          await writer.query("BEGIN");
          await write(writer, id, valueOf("moved"));
          if (prepare !== null) await writer.query(prepare);
        };
        const endMove = async () => {
          await writer.query(commit);
          expect(await pageOf(database, id)).toBe(hole);
        };
        if (begins === "before the plan") await beginMove();
        const run = await planRun(database);
        expect(run.chunks).toBe(PAGES / 2);
        await run.read(0);
        if (begins === "between chunks") await beginMove();
        if (commits === "between chunks") await endMove();
        for (let chunk = 1; chunk < run.chunks; chunk += 1) await run.read(chunk);
        if (commits === "between chunks") expect(run.found.has(id)).toBe(hole === LAST);
        else await endMove();
        expect(await run.read(run.chunks)).toContain(id);
        await expectComplete(database, run);
      }
    }
  });
});

describe("every session is read as it is in the end", () => {
  it("though its row moves to and fro before each chunk", async () => {
    const database = await createLogin();
    await fillPages(database, PAGES);
    await makeHole(database, 0);
    const run = await planRun(database);
    for (let chunk = 0; chunk < run.chunks; chunk += 1) {
      // Away from what is read next: the only room is where it was before.
      if ((await pageOf(database, `${LAST}.0`)) === LAST) {
        await update(database.client, `${LAST}.0`, valueOf(`moved ${chunk}`));
        await database.client.query("VACUUM login");
      }
      await run.read(chunk);
      await update(database.client, `${LAST}.0`, valueOf(`moved again ${chunk}`));
      await database.client.query("VACUUM login");
    }
    await run.read(run.chunks);
    await expectComplete(database, run);
  });

  it("though it is written again and again in its own page, which is pruned", async () => {
    const database = await createLogin();
    await database.client.query("ALTER TABLE login SET (fillfactor = 50)");
    await database.client.query(
      "INSERT INTO login SELECT i, 'first' FROM generate_series(1, 1000) i",
    );
    const run = await planRun(database, { chunkSize: 100 });
    expect(run.chunks).toBeGreaterThan(5);
    for (let chunk = 0; chunk < run.chunks; chunk += 1) {
      for (const version of ["a", "b", "c"])
        await database.client.query("UPDATE login SET sess = $1 WHERE sid::int % 50 = $2", [
          `${version}${chunk}`,
          chunk,
        ]);
      await run.read(chunk);
    }
    const { rows } = await database.client.query<{ hot: number }>(
      "SELECT pg_stat_get_xact_tuples_hot_updated('login'::regclass)::int + pg_stat_get_tuples_hot_updated('login'::regclass)::int AS hot",
    );
    expect(rows[0]!.hot).toBeGreaterThan(0);
    await run.read(run.chunks);
    await expectComplete(database, run);
  });

  it("though an indexed column changes with it", async () => {
    const database = await createLogin();
    await database.client.query("CREATE INDEX ON login (expire)");
    await fillPages(database, PAGES);
    const run = await planRun(database);
    await run.read(0);
    await database.client.query(
      "UPDATE login SET expire = '2098-01-01Z', sess = 'short' WHERE sid LIKE '%.0'",
    );
    await run.readFrom(1);
    await expectComplete(database, run);
  });

  it("where pages that were read are filled with new sessions, and with old ones that were deleted", async () => {
    const database = await createLogin();
    await fillPages(database, PAGES);
    const run = await planRun(database);
    await run.read(0);
    await database.client.query("DELETE FROM login WHERE sid ~ '^(0|1|8)[.]'");
    await database.client.query("VACUUM login");
    await database.client.query(
      "INSERT INTO login SELECT 'new ' || i, $1 FROM generate_series(1, 10) i",
      [valueOf("new")],
    );
    await database.client.query("INSERT INTO login VALUES ('8.3', $1)", [valueOf("again")]);
    expect(await pageOf(database, "new 1")).toBeLessThan(2);
    await run.readFrom(1);
    await expectComplete(database, run);
  });

  it("whatever VACUUM, VACUUM FREEZE and ANALYZE do between the chunks", async () => {
    const database = await createLogin();
    await fillPages(database, PAGES);
    await makeHole(database, 0);
    await settle(database);
    const run = await planRun(database);
    await run.read(0);
    await update(database.client, `${LAST}.0`, valueOf("moved"));
    for (const statement of ["VACUUM FREEZE login", "VACUUM (ANALYZE) login", "ANALYZE login"]) {
      await database.client.query(statement);
      await run.read(1);
    }
    // Frozen rows keep the id of the transaction that wrote them.
    expect(await run.readFrom(1)).toEqual([`${LAST}.0`]);
    await expectComplete(database, run);
  });

  it("whoever has locked or tried to delete it, and it is read once", async () => {
    const database = await createLogin();
    await fillPages(database, PAGES);
    await database.client.query("CREATE TABLE data (sid text REFERENCES login)");
    await settle(database);
    const lockers = [
      await connect(database),
      await connect(database),
      await connect(database),
    ] as const;
    const lock = async (line: number) => {
      for (const locker of lockers) await locker.query("BEGIN");
      const [one, other, third] = lockers;
      await one.query(`SELECT FROM login WHERE sid LIKE '%.${line}' FOR KEY SHARE`);
      await other.query(`SELECT FROM login WHERE sid LIKE '%.${line}' FOR NO KEY UPDATE`);
      await third.query(`SELECT FROM login WHERE sid LIKE '%.${line + 1}' FOR UPDATE`);
      await one.query(`INSERT INTO data SELECT sid FROM login WHERE sid LIKE '%.${line}'`);
      await third.query(
        `SAVEPOINT a; DELETE FROM login WHERE sid LIKE '%.${line + 1}'; ROLLBACK TO a`,
      );
    };
    await lock(0);
    const run = await planRun(database);
    await run.read(0);
    for (const locker of lockers) await locker.query("COMMIT");
    await run.read(1);
    await lock(2);
    await run.read(2);
    for (const locker of lockers) await locker.query("ROLLBACK");
    await lock(4);
    expect(await run.readFrom(3)).toEqual([]);
    await expectComplete(database, run);
  });

  it("where its transaction was rolled back, or has not ended", async () => {
    const database = await createLogin();
    await fillPages(database, PAGES);
    await makeHole(database, 0);
    await settle(database);
    const writer = await connect(database);
    const other = await connect(database);
    await writer.query("BEGIN");
    await update(writer, `${LAST}.0`, valueOf("moved"));
    const run = await planRun(database);
    await run.read(0);
    await writer.query("ROLLBACK");
    await other.query("BEGIN; DELETE FROM login WHERE sid LIKE '9.%'");
    expect(await run.readFrom(1)).toEqual([]);
    await expectComplete(database, run);
  });

  it("though a chunk is read again after the closing one, which is read again then", async () => {
    const database = await createLogin();
    await fillPages(database, PAGES);
    await makeHole(database, 0);
    await settle(database);
    const run = await planRun(database);
    await run.read(0);
    for (let chunk = 2; chunk < run.chunks; chunk += 1) await run.read(chunk);
    await run.read(run.chunks);
    await update(database.client, "3.0", valueOf("moved"));
    expect(await pageOf(database, "3.0")).toBe(0);
    expect(await run.read(1)).not.toContain("3.0");
    expect(await run.read(run.chunks)).toEqual(["3.0"]);
    await expectComplete(database, run);
  });
});
