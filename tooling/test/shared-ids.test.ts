import { describe, expect, it } from "vitest";
import { folderWith } from "./folder-fixture.js";
import { bareHouse } from "./house-fixture.js";

const TABLES = `
  CREATE TABLE by_month (id text, value text, ends timestamptz, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE by_month_all PARTITION OF by_month DEFAULT;
  CREATE VIEW seen AS SELECT * FROM by_month;
  CREATE TABLE bare (id text, value text, ends timestamptz);
  CREATE INDEX ON bare (id);
  CREATE TABLE heir (id text PRIMARY KEY, value text, ends timestamptz);
  CREATE TABLE heir_child () INHERITS (heir)`;

describe("a store of which nothing makes the id unique", () => {
  it.each(["by_month", "seen", "bare", "heir"])(
    "is planned with a warning, and not started unless that is allowed: %s",
    async (table) => {
      const house = await bareHouse();
      await house.source.query(TABLES);
      const store = { sessions: { table, id: "id", expires: "ends" }, value: { string: "value" } };
      const folder = await folderWith({ "rehome.config.json": JSON.stringify({ store }) });

      const planned = await house.rehome(["plan"], {}, folder);
      expect(planned).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/warning: nothing makes id unique/),
      });
      const refused = await house.rehome(["start"], {}, folder);
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toContain(`nothing makes ${table}.id unique`);
      expect(refused.stderr).toMatch(/unique index.*--allow-shared-ids/);
      expect(await house.target.dbsize()).toBe(0);
      expect(await house.queue.exists("{rehome}:active")).toBe(0);

      const allowed = await house.rehome(["start"], { REHOME_ALLOW_SHARED_IDS: "true" }, folder);
      expect(allowed).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/warning: nothing makes id unique/),
      });
    },
  );

  it("is started without a word once a unique index does", async () => {
    const house = await bareHouse();
    await house.source.query(`${TABLES}; CREATE UNIQUE INDEX ON bare (id) INCLUDE (ends)`);
    const store = {
      sessions: { table: "bare", id: "id", expires: "ends" },
      value: { string: "value" },
    };
    const folder = await folderWith({ "rehome.config.json": JSON.stringify({ store }) });
    const started = await house.rehome(["start"], {}, folder);
    expect(started.code).toBe(0);
    expect(started.stderr).not.toMatch(/unique/);
  });
});
