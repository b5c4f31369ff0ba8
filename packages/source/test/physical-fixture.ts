import type { Bound, NamedStore, PhysicalOrder, Range, ResolvedStore } from "@rehome/core";
import pg from "pg";
import { expect, onTestFinished } from "vitest";
import type { SessionSource } from "../src/index.js";
import {
  collect,
  collectSessions,
  type Database,
  physicalOrder,
  READ,
  storeOf,
} from "./source-fixture.js";
import type { SourceSession } from "./source-session.js";

/** Of the table `login`; each value says which version of its session it is. */
export const LOGIN = storeOf({
  sessions: { table: "login", id: "sid", expires: "expire" },
  value: { string: "sess" },
});

export const ROWS_PER_PAGE = 7;
/** So long that a page holds as many rows, and not one more. */
const VALUE_LENGTH = 1_000;

/** A value of the length that fills pages. */
export function valueOf(version: string): string {
  return version.padEnd(VALUE_LENGTH, ".");
}

const COLUMNS = "sid text PRIMARY KEY, sess text, expire timestamptz DEFAULT '2099-01-01Z'";

/** Nothing moves but by the test's own doing. */
export const CREATE_LOGIN = `CREATE TABLE login (${COLUMNS}) WITH (autovacuum_enabled = off)`;
export const CREATE_PARTITIONED = (by: string) =>
  `CREATE TABLE login (${COLUMNS}) PARTITION BY ${by}`;

/** Fills the table with pages that hold `page.line` each, lines from 0; what it held before is gone. */
export async function fillPages({ client }: Pick<Database, "client">, pages: number) {
  await client.query("TRUNCATE login");
  await client.query(
    `INSERT INTO login SELECT i / ${ROWS_PER_PAGE} || '.' || i % ${ROWS_PER_PAGE}, $2
       FROM generate_series(0, ${ROWS_PER_PAGE} * $1::int - 1) i`,
    [pages, valueOf("first")],
  );
  expect(await pageOf({ client }, `${pages - 1}.0`)).toBe(pages - 1);
}

/** Where the next row goes: it is the only one for which a page has room. */
export async function makeHole({ client }: Pick<Database, "client">, page: number): Promise<void> {
  await client.query(`DELETE FROM login WHERE sid = '${page}.${ROWS_PER_PAGE - 1}'`);
  await client.query("VACUUM login");
}

/** In which page a session's row is, as far as it is committed. */
export async function pageOf({ client }: Pick<Database, "client">, id: string): Promise<number> {
  const { rows } = await client.query<{ page: number }>(
    "SELECT (ctid::text::point)[0] AS page FROM login WHERE sid = $1",
    [id],
  );
  return rows[0]!.page;
}

/** Another connection to the same database. */
export async function connect({ url }: Pick<Database, "url">): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url.href });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** A plan, and what was read by it. */
export interface PhysicalRun {
  readonly order: PhysicalOrder;
  readonly store: ResolvedStore;
  readonly sessions: SessionSource;
  readonly ranges: readonly Range[];
  /** All chunks but the closing one, whose number it is. */
  readonly chunks: number;
  /** Each session as it was read last. */
  readonly found: ReadonlyMap<string, SourceSession>;
  /** Returns the ids, in order. `meanwhile` is done once the chunk's first batch has come, or nothing has. */
  read(chunk: number, meanwhile?: () => Promise<void>): Promise<string[]>;
  /** Every chunk from this one on, and the closing one; returns what that has read. */
  readFrom(chunk: number): Promise<string[]>;
}

export async function planRun(
  { source }: Pick<Database, "source">,
  { store: named = LOGIN, chunkSize = 2 * ROWS_PER_PAGE, since = null as string | null } = {},
): Promise<PhysicalRun> {
  const { store } = await source.inspect(named as NamedStore);
  const planned = await physicalOrder(source, store);
  const order = since === null ? planned : { ...planned, since };
  const sessions = source.sessions(store, order);
  const bounds = (await collect(sessions.planChunks({ after: null, chunkSize }))).map(
    ({ upTo }) => upTo,
  );
  const ranges = rangesOf(bounds);
  const found = new Map<string, SourceSession>();

  async function read(chunk: number, meanwhile = () => Promise.resolve()): Promise<string[]> {
    let begun = false;
    const begin = async () => {
      if (begun) return;
      begun = true;
      await meanwhile();
    };
    const batches = sessions.extract(ranges[chunk]!, READ);
    async function* interrupted() {
      for await (const batch of batches) {
        yield batch;
        await begin();
      }
    }
    const all = await collectSessions(interrupted(), store);
    await begin();
    const ids = all.map(({ id }) => String(id));
    expect(new Set(ids).size, `sessions of chunk ${chunk} that came once`).toBe(ids.length);
    for (const session of all) found.set(String(session.id), session);
    return ids.toSorted();
  }

  return {
    order,
    store,
    sessions,
    ranges,
    chunks: bounds.length,
    found,
    read,
    readFrom: async (chunk) => {
      for (let i = chunk; i < bounds.length; i += 1) await read(i);
      return await read(bounds.length);
    },
  };
}

function rangesOf(bounds: readonly Bound[]): Range[] {
  return Array.from({ length: bounds.length + 1 }, (_, i) => ({
    after: bounds[i - 1] ?? null,
    upTo: bounds[i] ?? null,
  }));
}

/** Of each session of the table its value, as of now. */
export async function heldBy({
  client,
}: Pick<Database, "client">): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ sid: string; sess: string }>("SELECT sid, sess FROM login");
  return new Map(rows.map(({ sid, sess }) => [sid, sess]));
}

/** The oracle: every session that there is was read, and has the value that was read last. */
export async function expectComplete(
  database: Pick<Database, "client">,
  { found }: Pick<PhysicalRun, "found">,
): Promise<void> {
  const held = await heldBy(database);
  const wrong = [...held].filter(([id, value]) => found.get(id)?.columns["sess"] !== value);
  expect(wrong.map(([id]) => id)).toEqual([]);
}
