import { describe, expect, it } from "vitest";
import {
  collect,
  type Database,
  databaseOf,
  failureOf,
  settle,
  STARTED,
} from "./source-fixture.js";
import {
  CREATE_LOGIN,
  expectComplete,
  fillPages,
  makeHole,
  pageOf,
  planRun,
  valueOf,
} from "./physical-fixture.js";
import { rewriteBehindSnapshot } from "./rewrite-fixture.js";

const PAGES = 10;
const LAST = PAGES - 1;

async function filled(): Promise<Database> {
  const database = await databaseOf(CREATE_LOGIN);
  await fillPages(database, PAGES);
  await makeHole(database, 0);
  await settle(database);
  return database;
}

/** To page 0. */
async function move({ client }: Database, id: string): Promise<void> {
  await client.query("UPDATE login SET sess = $2 WHERE sid = $1", [id, valueOf("moved")]);
}

/** Rows keep the transactions that wrote them. */
const MOVING = ["VACUUM FULL login", "CLUSTER login USING login_pkey"] as const;
/** Rows are written anew, and older snapshots see none of them. */
const ANEW = [
  "ALTER TABLE login ALTER expire TYPE timestamp",
  "ALTER TABLE login ADD more timestamptz DEFAULT clock_timestamp()",
  "CREATE TEMP TABLE kept AS TABLE login; TRUNCATE login; INSERT INTO login TABLE kept",
] as const;

describe("a table that is rewritten while its pages are read", () => {
  it.each([...MOVING, ...ANEW, "ALTER TABLE login SET UNLOGGED"])(
    "fails every chunk that is read afterwards, and no other: %s",
    async (rewrite) => {
      const database = await filled();
      const run = await planRun(database);
      await run.read(0);
      await database.client.query(rewrite);
      const [first, second] = run.ranges;
      for (const read of [
        () => run.read(0),
        () => run.read(run.chunks - 1),
        () => run.sessions.sampleIds(first!, 1),
        () => collect(run.sessions.listExpiries(second!, STARTED)),
      ]) {
        expect(await failureOf(read())).toMatchObject({
          name: "RehomeError",
          code: "source-rewritten",
          unavailable: false,
          hint: expect.stringContaining("new run"),
        });
      }
      // A new plan knows the new file.
      const again = await planRun(database);
      await again.readFrom(0);
      await expectComplete(database, again);
    },
  );

  it.each(["DROP COLUMN sess2", "ALTER expire SET NOT NULL", "ADD more text DEFAULT 'x'"])(
    "is another one than a table of which only the catalogue changes: ALTER TABLE login %s",
    async (change) => {
      const database = await filled();
      await database.client.query("ALTER TABLE login ADD sess2 text");
      const run = await planRun(database);
      await run.read(0);
      await database.client.query(`ALTER TABLE login ${change}`);
      await run.readFrom(1);
      await expectComplete(database, run);
    },
  );

  it.each(["CLUSTER login USING login_pkey", ...ANEW])(
    "fails a chunk whose snapshot is older than that: %s",
    async (rewrite) => {
      const database = await filled();
      const run = await planRun(database);
      const failure = await rewriteBehindSnapshot(database, "login", rewrite, () =>
        failureOf(run.read(2)),
      );
      expect(failure).toMatchObject({ code: "source-rewritten" });
    },
  );
});

describe("a table that is rewritten after all its pages were read", () => {
  it.each([...MOVING, ...ANEW])("loses no session: %s", async (rewrite) => {
    const database = await filled();
    const run = await planRun(database);
    await run.read(0);
    await move(database, `${LAST}.0`);
    expect(await pageOf(database, `${LAST}.0`)).toBe(0);
    for (let chunk = 1; chunk < run.chunks; chunk += 1) await run.read(chunk);
    expect(run.found.has(`${LAST}.0`)).toBe(false);
    await database.client.query(rewrite);
    const closing = await run.read(run.chunks);
    if ((MOVING as readonly string[]).includes(rewrite)) expect(closing).toEqual([`${LAST}.0`]);
    await expectComplete(database, run);
  });

  it.each(["CLUSTER login USING login_pkey", ...ANEW])(
    "loses none either where the closing chunk's snapshot is older than that: %s",
    async (rewrite) => {
      const database = await filled();
      const run = await planRun(database);
      await run.read(0);
      await move(database, `${LAST}.0`);
      for (let chunk = 1; chunk < run.chunks; chunk += 1) await run.read(chunk);
      const result = await rewriteBehindSnapshot(database, "login", rewrite, () =>
        run.read(run.chunks).catch((error: unknown) => error),
      );
      if (!Array.isArray(result)) {
        expect(result).toMatchObject({ name: "RehomeError", retryable: true });
        await run.read(run.chunks);
      }
      await expectComplete(database, run);
    },
  );
});
