import { describe, expect, it } from "vitest";
import { seedReferenceSchema } from "../src/index.js";
import {
  collect,
  databaseOf,
  emptyDatabase,
  openStore,
  readByPlan,
  settle,
  storeOf,
} from "./source-fixture.js";

const oneTable = storeOf({
  sessions: { table: "login", id: "sid", expires: "expire" },
  value: { string: "sess" },
});

describe("read in physical order, every session comes once", () => {
  it("from one table, in chunks of any size", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (sid text PRIMARY KEY, sess text, expire timestamptz);
      INSERT INTO login SELECT md5(i::text), repeat('x', i % 500), '2030-01-01' FROM generate_series(1, 3000) i;
      DELETE FROM login WHERE sid < '3'`);
    const byId = await (await openStore(database, oneTable)).read();
    await settle(database);
    for (const chunkSize of [1, 100, 1_000, 100_000]) {
      const opened = await openStore(database, oneTable, "physical");
      const { chunks } = await readByPlan(opened, chunkSize);
      const read = chunks.flat();
      expect(chunks.length).toBeGreaterThan(1);
      expect(read).toHaveLength(byId.length);
      expect(new Set(read.map(({ id }) => id))).toEqual(new Set(byId.map(({ id }) => id)));
      // Nothing is newer than the plan.
      expect(chunks.at(-1)).toEqual([]);
    }
  });

  it("from the reference store, with all that belongs to it", async () => {
    const database = await emptyDatabase();
    await seedReferenceSchema(database.url, { users: 100, sessions: 3_000, seed: 1 });
    const byId = await (await openStore(database)).read();
    const opened = await openStore(database, undefined, "physical");
    const { chunks } = await readByPlan(opened, 500);
    const sorted = (sessions: typeof byId) =>
      sessions
        .map((session) => ({ ...session, attributes: pairsOf(session.attributes) }))
        .toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
    expect(sorted(chunks.flat())).toEqual(sorted(byId));
  });

  it("though its row moved before the chunk that it moved from was read", async () => {
    const database = await databaseOf(`
      CREATE TABLE login (sid text PRIMARY KEY, sess text, expire timestamptz) WITH (autovacuum_enabled = off);
      INSERT INTO login SELECT i, repeat('x', 1000), '2030-01-01' FROM generate_series(1, 70) i;
      DELETE FROM login WHERE sid::int <= 7`);
    await database.client.query("VACUUM login");
    await settle(database);
    const opened = await openStore(database, oneTable, "physical");
    const planned = await collect(opened.sessions.planChunks({ after: null, chunkSize: 20 }));
    const bounds = planned.map(({ upTo }) => upTo);
    const first = await opened.read({}, { after: null, upTo: bounds[0]! });
    await database.client.query("UPDATE login SET sess = repeat('y', 1000) WHERE sid = '50'");
    const { rows } = await database.client.query("SELECT ctid::text FROM login WHERE sid = '50'");
    expect(rows[0]?.ctid).toMatch(/^\(0,/);
    const later = [];
    for (let i = 1; i < bounds.length; i += 1)
      later.push(...(await opened.read({}, { after: bounds[i - 1]!, upTo: bounds[i]! })));
    expect([...first, ...later].map(({ id }) => String(id))).not.toContain("50");
    const last = await opened.read({}, { after: bounds.at(-1)!, upTo: null });
    expect(last.map(({ id }) => String(id))).toEqual(["50"]);
  });
});

/** In no order of theirs. */
function pairsOf(attributes: readonly unknown[]): string[] {
  return attributes
    .flatMap((_, i) => (i % 2 === 0 ? [JSON.stringify(attributes.slice(i, i + 2))] : []))
    .toSorted();
}
