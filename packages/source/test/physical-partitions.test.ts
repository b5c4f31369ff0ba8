import { describe, expect, it } from "vitest";
import { type Database, databaseOf, failureOf, settle, SLOW_MACHINE } from "./source-fixture.js";
import { connect, CREATE_PARTITIONED, expectComplete, planRun } from "./physical-fixture.js";

/** Ids begin with a letter; those of each letter lie in one partition. */
const BY_LETTER = `${CREATE_PARTITIONED("RANGE (sid)")};
  CREATE TABLE login_a PARTITION OF login FOR VALUES FROM ('a') TO ('b');
  CREATE TABLE login_b PARTITION OF login FOR VALUES FROM ('b') TO ('c');
  CREATE TABLE login_c PARTITION OF login FOR VALUES FROM ('c') TO ('d')`;

const fill = (letter: string, table = "login") =>
  `INSERT INTO ${table} SELECT '${letter}' || i, repeat('x', 500) FROM generate_series(1, 100) i`;

const ATTACH_D = "ALTER TABLE login ATTACH PARTITION login_d FOR VALUES FROM ('d') TO ('e')";

async function byLetter(more = ""): Promise<Database> {
  return await databaseOf(`${BY_LETTER}; ${fill("a")}; ${fill("b")}; ${fill("c")}; ${more}`);
}

/** So that each partition has two or three chunks. */
const SIZE = { chunkSize: 40 };

/** How many sessions of a letter are among these. */
const countOf = (ids: readonly string[], letter: string) =>
  ids.filter((id) => id.startsWith(letter)).length;

describe("the sessions of a partitioned table are read", () => {
  it("partition by partition, down to those of partitions, and where they move between them", async () => {
    const database = await databaseOf(`${CREATE_PARTITIONED("HASH (sid)")};
      CREATE TABLE h0 PARTITION OF login FOR VALUES WITH (MODULUS 3, REMAINDER 0) PARTITION BY RANGE (sid);
      CREATE TABLE h0_low PARTITION OF h0 FOR VALUES FROM (MINVALUE) TO ('5') PARTITION BY RANGE (sid);
      CREATE TABLE h0_lowest PARTITION OF h0_low DEFAULT;
      CREATE TABLE h0_high PARTITION OF h0 DEFAULT;
      CREATE TABLE h1 PARTITION OF login FOR VALUES WITH (MODULUS 3, REMAINDER 1);
      CREATE TABLE h2 PARTITION OF login FOR VALUES WITH (MODULUS 3, REMAINDER 2);
      INSERT INTO login SELECT i, repeat('x', 500) FROM generate_series(1, 900) i`);
    const run = await planRun(database, SIZE);
    expect(run.order.files).toHaveLength(4);
    for (let chunk = 0; chunk < run.chunks; chunk += 1) {
      await run.read(chunk);
      await database.client.query("UPDATE login SET sess = $1 WHERE sid::int % 19 = $2", [
        `after ${chunk}`,
        chunk,
      ]);
      // An update of the key moves a row to another partition.
      await database.client.query("UPDATE login SET sid = 1000 + sid::int WHERE sid::int = $1", [
        880 - chunk,
      ]);
    }
    await run.read(run.chunks);
    await expectComplete(database, run);
  });

  it("of 200 partitions, each of which is a chunk", async () => {
    const database = await databaseOf(`${CREATE_PARTITIONED("HASH (sid)")};
      DO $$ BEGIN FOR i IN 0 .. 199 LOOP
        EXECUTE format('CREATE TABLE p%s PARTITION OF login FOR VALUES WITH (MODULUS 200, REMAINDER %s)', i, i);
      END LOOP; END $$;
      INSERT INTO login SELECT i, 'x' FROM generate_series(1, 3000) i`);
    const run = await planRun(database, { chunkSize: 1_000 });
    expect(run.chunks).toBe(200);
    for (let chunk = 0; chunk < 100; chunk += 1) await run.read(chunk);
    await database.client.query("UPDATE login SET sess = 'y' WHERE sid LIKE '1%'");
    await run.readFrom(100);
    await expectComplete(database, run);
  });

  it("also of one that is attached meanwhile, though it was filled before the plan", async () => {
    const database = await byLetter(`CREATE TABLE login_d (LIKE login); ${fill("d", "login_d")}`);
    const run = await planRun(database, SIZE);
    await run.read(0);
    await database.client.query(ATTACH_D);
    expect(countOf(await run.readFrom(1), "d")).toBe(100);
    await expectComplete(database, run);
  });

  it("also of partitions of one that is attached meanwhile", async () => {
    const database = await byLetter(`
      CREATE TABLE login_d (LIKE login) PARTITION BY RANGE (sid);
      CREATE TABLE login_d1 PARTITION OF login_d FOR VALUES FROM ('d') TO ('d5');
      CREATE TABLE login_d5 PARTITION OF login_d DEFAULT; ${fill("d", "login_d")}`);
    const run = await planRun(database, SIZE);
    await run.read(0);
    await database.client.query(ATTACH_D);
    await run.readFrom(1);
    await expectComplete(database, run);
  });

  it("also of one that was empty when the plan was made, and of one that is made later", async () => {
    const database = await databaseOf(`${BY_LETTER}; ${fill("b")}`);
    const run = await planRun(database, SIZE);
    expect(run.chunks).toBe(3);
    await run.read(0);
    await database.client.query(`${fill("a")}; ${fill("c")};
      CREATE TABLE login_d PARTITION OF login FOR VALUES FROM ('d') TO ('e'); ${fill("d")}`);
    await run.readFrom(1);
    await expectComplete(database, run);
  });

  it("where the table as a whole was empty", async () => {
    const database = await databaseOf(BY_LETTER);
    const run = await planRun(database, SIZE);
    expect(run.chunks).toBe(0);
    await database.client.query(fill("a"));
    expect(await run.read(0)).toHaveLength(100);
    await expectComplete(database, run);
  });

  it("but not those of a partition that is detached or dropped meanwhile", async () => {
    const database = await byLetter();
    const run = await planRun(database, SIZE);
    expect(run.chunks).toBeGreaterThanOrEqual(6);
    await run.read(0);
    await database.client.query("ALTER TABLE login DETACH PARTITION login_b; DROP TABLE login_c");
    await run.readFrom(1);
    await expectComplete(database, run);
    expect(countOf([...run.found.keys()], "a")).toBe(100);
    expect(run.found.size).toBe(100);
  });

  it("of one that is detached, read as nothing, and attached again", async () => {
    const database = await byLetter();
    const run = await planRun(database, SIZE);
    await run.read(0);
    await database.client.query("ALTER TABLE login DETACH PARTITION login_b");
    for (let chunk = 1; chunk < run.chunks; chunk += 1) await run.read(chunk);
    expect(countOf([...run.found.keys()], "b")).toBe(0);
    await database.client.query(
      "ALTER TABLE login ATTACH PARTITION login_b FOR VALUES FROM ('b') TO ('c')",
    );
    expect(countOf(await run.read(run.chunks), "b")).toBe(100);
    await expectComplete(database, run);
  });

  it("of partitions of one that is detached, read as nothing, and attached again", async () => {
    const database = await byLetter(`
      CREATE TABLE login_d (LIKE login) PARTITION BY RANGE (sid);
      CREATE TABLE login_d1 PARTITION OF login_d DEFAULT; ${fill("d", "login_d")}; ${ATTACH_D}`);
    const run = await planRun(database, SIZE);
    await database.client.query("ALTER TABLE login DETACH PARTITION login_d");
    for (let chunk = 0; chunk < run.chunks; chunk += 1) await run.read(chunk);
    expect(countOf([...run.found.keys()], "d")).toBe(0);
    await database.client.query(ATTACH_D);
    await run.read(run.chunks);
    await expectComplete(database, run);
  });

  it("of one whose detachment waits, and is then part of the table again", async () => {
    const database = await byLetter();
    const run = await planRun(database, SIZE);
    const holder = await connect(database);
    const detacher = await connect(database);
    await holder.query("BEGIN; SELECT FROM login LIMIT 1");
    const detached = detacher.query("ALTER TABLE login DETACH PARTITION login_b CONCURRENTLY");
    await expect
      .poll(async () => {
        const { rows } = await database.client.query(
          "SELECT FROM pg_inherits WHERE inhdetachpending",
        );
        return rows.length;
      }, SLOW_MACHINE)
      .toBe(1);
    for (let chunk = 0; chunk < run.chunks; chunk += 1) await run.read(chunk);
    await expectComplete(database, run);
    await holder.query("COMMIT");
    await detached;
    await database.client.query(
      "ALTER TABLE login ATTACH PARTITION login_b FOR VALUES FROM ('b') TO ('c')",
    );
    await run.read(run.chunks);
    await expectComplete(database, run);
  });

  it("of one that has another name or schema meanwhile", async () => {
    const database = await byLetter("CREATE SCHEMA other");
    await settle(database);
    const run = await planRun(database, SIZE);
    await run.read(0);
    await database.client.query(
      "ALTER TABLE login_b RENAME TO renamed; ALTER TABLE login_c SET SCHEMA other",
    );
    expect(await run.readFrom(1)).toEqual([]);
    await expectComplete(database, run);
  });

  it("unless one of them was rewritten", async () => {
    const database = await byLetter();
    await settle(database);
    const run = await planRun(database, SIZE);
    await database.client.query("VACUUM FULL login_c");
    const failed: number[] = [];
    for (let chunk = 0; chunk <= run.chunks; chunk += 1)
      await run.read(chunk).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "source-rewritten" });
        failed.push(chunk);
      });
    expect(failed.length).toBeGreaterThan(0);
    expect(countOf([...run.found.keys()], "a") + countOf([...run.found.keys()], "b")).toBe(200);
    expect(run.found.size).toBe(200);
  });
});

describe("a partition for which a chunk waits", () => {
  it.each([
    ["is dropped, and then there is nothing to read", "DROP TABLE login_a", 0],
    ["is renamed, and is read by its new name", "ALTER TABLE login_a RENAME TO renamed", 100],
  ] as const)("%s", async (_, change, left) => {
    const database = await byLetter();
    const run = await planRun(database, SIZE);
    const changer = await connect(database);
    await changer.query("BEGIN; LOCK TABLE login_a IN ACCESS EXCLUSIVE MODE");
    const reading = failureOf(run.read(0));
    await expect
      .poll(async () => {
        const { rows } = await database.client.query(
          "SELECT FROM pg_locks WHERE relation = 'login_a'::regclass AND NOT granted",
        );
        return rows.length;
      }, SLOW_MACHINE)
      .toBeGreaterThan(0);
    await changer.query(`${change}; COMMIT`);
    expect(await reading).toMatchObject({ code: "source-altered", retryable: true });
    await run.readFrom(0);
    expect(countOf([...run.found.keys()], "a")).toBe(left);
    await expectComplete(database, run);
  });
});

describe("a table under another name", () => {
  it("is not taken for one whose sessions are gone", async () => {
    const database = await byLetter();
    const run = await planRun(database, SIZE);
    await database.client.query("ALTER TABLE login RENAME TO away");
    await expect(run.read(0)).rejects.toMatchObject({ code: "source-42P01" });
    await expect(run.read(run.chunks)).rejects.toMatchObject({ code: "source-42P01" });
    await database.client.query("ALTER TABLE away RENAME TO login");
    await run.readFrom(0);
    await expectComplete(database, run);
  });
});
