import type { Bound } from "@rehome/core";
import { describe, expect, it } from "vitest";
import {
  collect,
  type Database,
  insertSession,
  openStore,
  readByBounds,
  readByPlan,
  referenceDatabase,
} from "./source-fixture.js";

const SEED = Number(process.env["REHOME_TEST_SEED"] ?? Date.now() % 1_000_000);
console.log(`REHOME_TEST_SEED=${SEED}`);

/** Mulberry32. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const ALPHABET = [
  "a",
  "A",
  "b",
  "B",
  "z",
  "Z",
  "_",
  "-",
  " ",
  ".",
  "'",
  "\\",
  "%",
  "ä",
  "Ä",
  "ß",
  "é",
  "日",
  "🧳",
  "👩‍🚀",
  "0",
  "9",
];

function randomIds(count: number, random: () => number): string[] {
  const ids = new Set<string>();
  while (ids.size < count) {
    const length = 1 + Math.floor(random() * 6);
    ids.add(
      Array.from({ length }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join(""),
    );
  }
  return [...ids];
}

const NONDETERMINISTIC =
  "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";

const COLLATIONS = [
  { name: "C", prepare: "", collation: '"C"' },
  { name: "ICU", prepare: "", collation: '"und-x-icu"' },
  { name: "a nondeterministic ICU collation", prepare: NONDETERMINISTIC, collation: "loose" },
];

async function collate({ client }: Database, prepare: string, collation: string): Promise<void> {
  await client.query(`${prepare};
    ALTER TABLE session_data ALTER session_id TYPE varchar(255) COLLATE ${collation};
    ALTER TABLE user_sessions ALTER session_id TYPE varchar(255) COLLATE ${collation}`);
}

describe.each(COLLATIONS)("ids in the order of $name", ({ prepare, collation }) => {
  it("are each read once, with their attributes, in chunks of any size", async () => {
    const database = await referenceDatabase();
    await collate(database, prepare, collation);
    const opened = await openStore(database);
    const inserted: string[] = [];
    for (const id of randomIds(60, makeRandom(SEED))) {
      // Under a nondeterministic collation some of them are the same id.
      const fresh = await insertSession(database, id, {}, [["id", id]]).then(
        () => true,
        () => false,
      );
      if (fresh) inserted.push(id);
    }
    expect(inserted.length).toBeGreaterThan(30);
    for (const chunkSize of [1, 2, 7, inserted.length, 1_000]) {
      const { chunks } = await readByPlan(opened, chunkSize);
      expect(chunks.length).toBe(Math.ceil(inserted.length / chunkSize));
      for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(chunkSize);
      const read = chunks.flat();
      expect(read.map(({ id }) => id).toSorted()).toEqual(inserted.toSorted());
      for (const { id, attributes } of read) expect(attributes).toEqual(["id", id]);
    }
  });
});

describe("a plan", () => {
  it("that was interrupted goes on after its last bound, and rows inserted meanwhile shift no other", async () => {
    const database = await referenceDatabase();
    for (let i = 0; i < 40; i += 1) await insertSession(database, `m${String(i).padStart(2, "0")}`);
    const first: Bound[] = [];
    for await (const bounds of database.sessions.planChunks({ after: null, chunkSize: 5 })) {
      first.push(...bounds.map(({ upTo }) => upTo));
      if (first.length >= 3) break;
    }
    for (const id of ["a", "m00x", "m14x", "m14y", "m30x", "z"]) await insertSession(database, id);
    const rest = await collect(
      database.sessions.planChunks({ after: first.at(-1) ?? null, chunkSize: 5 }),
    );
    const bounds = [...first, ...rest.map(({ upTo }) => upTo)];
    expect(first).toEqual(["m04", "m09", "m14", "m19", "m24", "m29"]);
    const read = (await readByBounds(database, bounds)).flat().map(({ id }) => id);
    expect(read).toHaveLength(46);
    expect(new Set(read).size).toBe(46);
  });

  it("of an empty table, or of one chunk, has no bound", async () => {
    const database = await referenceDatabase();
    expect(await collect(database.sessions.planChunks({ after: null, chunkSize: 1 }))).toEqual([]);
    await insertSession(database, "only");
    expect(await collect(database.sessions.planChunks({ after: null, chunkSize: 1 }))).toEqual([]);
    expect(await database.sessions.count({ after: null, upTo: null })).toBe(1);
  });

  it("gives its first bound without sorting the table", async () => {
    const database = await referenceDatabase();
    await database.client.query(
      "INSERT INTO user_sessions (session_id, user_id, expires_at) SELECT md5(i::text), 1, '2099-01-01' FROM generate_series(1, 20000) i; ANALYZE",
    );
    const before = await blocksRead(database);
    for await (const bounds of database.sessions.planChunks({ after: null, chunkSize: 10 })) {
      expect(bounds.length).toBeLessThan(4);
      break;
    }
    // The whole index has more than a hundred blocks.
    expect((await blocksRead(database)) - before).toBeLessThan(60);
  });
});

async function blocksRead({ client }: Database): Promise<number> {
  await client.query("SELECT pg_stat_force_next_flush()");
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const { rows } = await client.query<{ blocks: string }>(
    `SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read AS blocks
       FROM pg_statio_user_tables WHERE relname = 'user_sessions'`,
  );
  return Number(rows[0]?.blocks);
}

describe("attributes", () => {
  it("belong to their session even where its id is spelt otherwise and a collation makes them equal", async () => {
    const database = await referenceDatabase();
    await collate(database, NONDETERMINISTIC, "loose");
    await insertSession(database, "Straße");
    await insertSession(database, "abc");
    await database.client.query(
      "INSERT INTO session_data (session_id, attribute_key, attribute_value) VALUES ('ABC', 'k', 'v')",
    );
    const [chunk = []] = (await readByPlan(await openStore(database), 10)).chunks;
    const byId = new Map(chunk.map((session) => [String(session.id), session.attributes]));
    expect(byId.get("abc")).toEqual(["k", "v"]);
    expect(byId.get("Straße")).toEqual([]);
  });

  it("are found where their ids sort otherwise than the sessions'", async () => {
    const database = await referenceDatabase();
    await database.client.query(`
      ALTER TABLE session_data DROP CONSTRAINT session_data_session_id_fkey;
      ALTER TABLE session_data ALTER session_id TYPE varchar(255) COLLATE "und-x-icu";
      ALTER TABLE user_sessions ALTER session_id TYPE varchar(255) COLLATE "C"`);
    const ids = ["a", "B", "c", "D", "_", "Z"];
    for (const id of ids) await insertSession(database, id, {}, [["id", id]]);
    const { chunks } = await readByPlan(await openStore(database), 2);
    const read = chunks.flat();
    expect(read.map(({ id }) => id).toSorted()).toEqual(["B", "D", "Z", "_", "a", "c"]);
    for (const { id, attributes } of read) expect(attributes).toEqual(["id", id]);
  });

  it("of no session are passed over", async () => {
    const database = await referenceDatabase();
    await database.client.query(
      "ALTER TABLE session_data DROP CONSTRAINT session_data_session_id_fkey",
    );
    await database.client.query(
      "INSERT INTO session_data (session_id, attribute_key) VALUES ('a', 'k'), ('m', 'k'), ('z', 'k')",
    );
    await insertSession(database, "b", {}, [["own", "1"]]);
    await insertSession(database, "n", {}, [["own", "2"]]);
    const [chunk = []] = (await readByPlan(await openStore(database), 10)).chunks;
    expect(new Map(chunk.map(({ id, attributes }) => [String(id), attributes]))).toEqual(
      new Map([
        ["b", ["own", "1"]],
        ["n", ["own", "2"]],
      ]),
    );
  });
});
