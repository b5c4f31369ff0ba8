import type { Range } from "@rehome/core";
import { describe, expect, it } from "vitest";
import {
  collect,
  type Database,
  failureOf,
  insertSession,
  type Opened,
  openStore,
  READ,
  referenceDatabase,
  SLOW_MACHINE,
} from "./source-fixture.js";
import { attributesOf, type SourceSession } from "./source-session.js";

const LIMIT = { maxSessionBytes: 3 * 1024 * 1024 };

/** As many sessions as these, each with a user agent of so many bytes. */
async function insertSessions({ client }: Database, count: number, length: string): Promise<void> {
  await client.query(
    `INSERT INTO user_sessions (session_id, user_id, user_agent, expires_at)
       SELECT $1 || i, 1 + i % 2, repeat('u', ${length}), '2099-01-01' FROM generate_series(1, $2::int) i`,
    [`${count} `, count],
  );
}

/** Each chunk, by pages of rows, and the closing one. */
async function planPages({ sessions }: Opened, chunkSize: number): Promise<Range[]> {
  const planned = await collect(sessions.planChunks({ after: null, chunkSize }));
  return planned.map(({ upTo }, i) => ({ after: planned[i - 1]?.upTo ?? null, upTo }));
}

/** In the order of ids, and what is told of each. */
function listed(sessions: readonly SourceSession[]) {
  return sessions
    .map((session) => ({
      id: String(session.id),
      isWhole: session.bytes !== Infinity,
      columns: session.bytes === Infinity ? null : session.columns,
      attributes: session.bytes === Infinity ? null : attributesOf(session),
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Connections of the source that are there, and what they do. */
async function connectionsOf({ client }: Database) {
  const { rows } = await client.query<{ pid: number; state: string }>(
    `SELECT pid, state FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'rehome' AND pid <> pg_backend_pid()`,
  );
  return rows;
}

describe("pages by cursor hold the same sessions as pages by ids", () => {
  it("whatever their rows have in them, short and long values, and values over the limit", async () => {
    const database = await referenceDatabase({ batchBytes: 10_000 });
    await insertSessions(database, 300, "i * 37 % 9000");
    for (const [i, bytes] of [4_095, 4_096, 4_097, 1e6, 1.1e6, 2e6, 4e6].entries()) {
      await insertSession(database, `agent ${i}`, { user_agent: "a".repeat(bytes) }, [["k", "v"]]);
      await insertSession(database, `attribute ${i}`, {}, [
        ["long", "b".repeat(bytes)],
        ["short", "v"],
      ]);
    }
    const expected = listed(await (await openStore(database)).read(LIMIT));
    expect(expected.filter(({ isWhole }) => !isWhole)).toHaveLength(2);
    const physical = await openStore(database, undefined, "physical");
    for (const chunkSize of [30, 1_000]) {
      const read: SourceSession[] = [];
      for (const range of await planPages(physical, chunkSize))
        read.push(...(await physical.read(LIMIT, range)));
      expect(listed(read)).toEqual(expected);
    }
  });

  it("where a page is as large as what was asked for, or one larger or smaller", async () => {
    for (const count of [1_999, 2_000, 2_001, 4_000]) {
      const database = await referenceDatabase();
      await insertSessions(database, count, "10");
      const physical = await openStore(database, undefined, "physical");
      const [range, ...others] = await planPages(physical, 1_000_000);
      expect(others).toEqual([]);
      for (let again = 0; again < 2; again += 1) {
        const read = await physical.read({}, range);
        expect(new Set(read.map(({ id }) => id)).size).toBe(count);
        expect(read).toHaveLength(count);
      }
    }
  });

  it("where pages of short rows are followed by pages of long ones, and the other way round", async () => {
    const database = await referenceDatabase();
    await insertSessions(database, 9_000, "5");
    await insertSessions(database, 1_500, "3900 + i % 100");
    await insertSessions(database, 3_000, "3");
    const expected = listed(await (await openStore(database)).read());
    const physical = await openStore(database, undefined, "physical");
    const [range] = await planPages(physical, 1_000_000);
    for (let again = 0; again < 2; again += 1)
      expect(listed(await physical.read({}, range))).toEqual(expected);
  });

  it("where a chunk's pages hold nothing, and where they hold one session", async () => {
    const database = await referenceDatabase();
    await insertSessions(database, 1_000, "100");
    const physical = await openStore(database, undefined, "physical");
    const ranges = await planPages(physical, 100);
    const kept = (await physical.read({}, ranges[2])).slice(0, 1);
    await database.client.query("DELETE FROM user_sessions WHERE session_id <> $1", [kept[0]!.id]);
    for (const [i, range] of ranges.entries())
      expect(await physical.read({}, range)).toEqual(i === 2 ? kept : []);
  });
});

describe("a cursor", () => {
  async function inChunks(): Promise<{ database: Database; physical: Opened; range: Range }> {
    const database = await referenceDatabase({ connections: 1, batchBytes: 10_000 });
    await insertSessions(database, 5_000, "100");
    const physical = await openStore(database, undefined, "physical");
    const [range] = await planPages(physical, 1_000_000);
    return { database, physical, range: range! };
  }

  it("is gone with its chunk, and its connection is used again", async () => {
    const { database, physical, range } = await inChunks();
    const before = await connectionsOf(database);
    expect(before).toHaveLength(1);
    for (let again = 0; again < 3; again += 1)
      expect(await physical.read({}, range)).toHaveLength(5_000);
    const after = await connectionsOf(database);
    expect(after).toEqual([{ pid: before[0]!.pid, state: "idle" }]);
  });

  it("that is left by an abort in mid-chunk ends with its connection, and the next chunk gets another", async () => {
    const { database, physical, range } = await inChunks();
    const [before] = await connectionsOf(database);
    const stop = new AbortController();
    let sessions = 0;
    const reading = async () => {
      const options = { ...READ, signal: stop.signal };
      for await (const batch of physical.sessions.extract(range, options)) {
        sessions += batch.count;
        stop.abort(new Error("stopped"));
      }
    };
    expect(await failureOf(reading())).toBe(stop.signal.reason);
    expect(sessions).toBeLessThan(2_001);
    await expect
      .poll(
        async () => (await connectionsOf(database)).some(({ pid }) => pid === before!.pid),
        SLOW_MACHINE,
      )
      .toBe(false);
    expect(await physical.read({}, range)).toHaveLength(5_000);
  });

  it("that is left by a reader who has seen enough ends as well", async () => {
    const { database, physical, range } = await inChunks();
    const [before] = await connectionsOf(database);
    for await (const batch of physical.sessions.extract(range, READ)) {
      expect(batch.count).toBeGreaterThan(0);
      break;
    }
    await expect
      .poll(
        async () => (await connectionsOf(database)).some(({ pid }) => pid === before!.pid),
        SLOW_MACHINE,
      )
      .toBe(false);
    expect(await physical.read({}, range)).toHaveLength(5_000);
  });

  it("whose server fails in mid-chunk fails the chunk, which is read whole by another attempt", async () => {
    const { database, physical, range } = await inChunks();
    const [before] = await connectionsOf(database);
    const reading = async () => {
      for await (const _ of physical.sessions.extract(range, READ))
        await database.client.query("SELECT pg_terminate_backend($1)", [before!.pid]);
    };
    expect(await failureOf(reading())).toMatchObject({ name: "RehomeError", retryable: true });
    expect(await physical.read({}, range)).toHaveLength(5_000);
  });
});
