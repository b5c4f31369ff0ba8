import {
  defaultStore,
  type Bound,
  type NamedStore,
  type PhysicalOrder,
  type Range,
  type ReadingOrder,
  type RehomeError,
  type ResolvedStore,
  type SessionId,
  type SourceBatch,
  type StoreDescription,
  storeSchema,
} from "@rehome/core";
import { createDatabase } from "@rehome/tooling/local-services";
import pg from "pg";
import { afterEach, expect, inject } from "vitest";
import {
  openSource,
  type ReadOptions,
  seedReferenceSchema,
  type SessionSource,
  type Source,
} from "../src/index.js";
import { type SourceSession, sessionsOf } from "./source-session.js";

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export interface Database {
  readonly url: URL;
  readonly client: pg.Client;
  readonly source: Source;
}

let databases = 0;

/** An empty database, and a source upon it. */
export async function emptyDatabase(
  options: Parameters<typeof openSource>[1] = {},
): Promise<Database> {
  databases += 1;
  const url = new URL(
    await createDatabase(
      new URL("/", inject("postgresUrl")).href,
      `source_${process.pid}_${databases}`,
    ),
  );
  const client = new pg.Client({ connectionString: url.href });
  client.on("error", () => undefined);
  await client.connect();
  closing.push(() => client.end());
  const source = openSource(url, options);
  closing.push(() => source.close());
  return { url, client, source };
}

/** An empty database in which these statements were run. */
export async function databaseOf(
  statements: string,
  options: Parameters<typeof openSource>[1] = {},
): Promise<Database> {
  const database = await emptyDatabase(options);
  await database.client.query(statements);
  return database;
}

/** A poll is given up after a second otherwise. */
export const SLOW_MACHINE = { timeout: 30_000 };

/**
 * Waits until every transaction has ended that has begun so far, those of other tests on the same server among them: a
 * plan would take what was written since for newer. Returns the id of the first of the later ones.
 */
export async function settle({ client }: Pick<Database, "client">): Promise<bigint> {
  const { rows } = await client.query<{ xid: string }>("SELECT txid_current()::text AS xid");
  const next = BigInt(rows[0]!.xid) + 1n;
  await expect
    .poll(async () => {
      const { rows: found } = await client.query<{ oldest: string }>(
        "SELECT txid_snapshot_xmin(txid_current_snapshot())::text AS oldest",
      );
      return BigInt(found[0]!.oldest) >= next;
    }, SLOW_MACHINE)
    .toBe(true);
  return next;
}

/** A store that was inspected, and its sessions. */
export interface Opened {
  readonly store: ResolvedStore;
  readonly warnings: readonly string[];
  readonly sessions: SessionSource;
  readonly read: (options?: Partial<ReadOptions>, range?: Range) => Promise<SourceSession[]>;
  readonly readByIds: (
    ids: readonly string[],
    options?: Partial<ReadOptions>,
  ) => Promise<SourceSession[]>;
}

export async function openStore(
  { source }: Pick<Database, "source">,
  store: NamedStore = referenceStore(),
  kind: ReadingOrder["kind"] = "id",
): Promise<Opened> {
  const facts = await source.inspect(store);
  const order = kind === "id" ? BY_ID : await physicalOrder(source, facts.store);
  const sessions = source.sessions(facts.store, order);
  return {
    store: facts.store,
    warnings: facts.warnings,
    sessions,
    read: (options = {}, range = EVERYTHING) =>
      collectSessions(sessions.extract(range, { ...READ, ...options }), facts.store),
    readByIds: (ids, options = {}) =>
      collectSessions(sessions.readByIds(ids as SessionId[], { ...READ, ...options }), facts.store),
  };
}

/** A bound of the order of ids. */
export function boundOf(id: string): Bound {
  return id as Bound;
}

export const BY_ID: ReadingOrder = { kind: "id" };

export async function physicalOrder(source: Source, store: ResolvedStore): Promise<PhysicalOrder> {
  const baseline = await source.baseline(store);
  if (baseline === null) throw new Error("the store cannot be read in physical order");
  return { kind: "physical", ...baseline };
}

/** Times without a zone are meant in UTC, whatever the server's own zone. */
export function referenceStore(zone = "UTC"): NamedStore {
  return { ...defaultStore, zone };
}

/** A store as an operator describes it. */
export function storeOf(description: StoreDescription): NamedStore {
  return { name: "custom", ...storeSchema.parse(description) };
}

/** The reference schema with user 1, who has preferences, and user 2, who has none. */
export async function referenceDatabase(
  options: Parameters<typeof openSource>[1] = {},
): Promise<Database & Opened> {
  const database = await emptyDatabase(options);
  await seedReferenceSchema(database.url, { users: 1, sessions: 0, seed: 1 });
  await database.client.query(`
    TRUNCATE users CASCADE;
    INSERT INTO users (user_id, username, email, password_hash) VALUES
      (1, 'ada', 'ada@example.com', 'x'), (2, 'bob', 'bob@example.com', 'x');
    INSERT INTO user_preferences (user_id, theme, language, notifications_enabled) VALUES (1, 'dark', 'fr', false)`);
  return { ...database, ...(await openStore(database)) };
}

export async function insertSession(
  { client }: Pick<Database, "client">,
  id: string,
  row: Partial<
    Record<"created_at" | "last_activity_at" | "expires_at" | "user_agent", string | null>
  > & {
    user_id?: number;
  } = {},
  attributes: readonly (readonly [string, string | null])[] = [],
): Promise<void> {
  const columns = { user_id: 1, expires_at: "2099-01-01", ...row };
  const names = Object.keys(columns);
  await client.query(
    `INSERT INTO user_sessions (session_id, ${names.join(", ")}) VALUES ($1, ${names.map((_, i) => `$${i + 2}`).join(", ")})`,
    [id, ...Object.values(columns)],
  );
  await client.query(
    `INSERT INTO session_data (session_id, attribute_key, attribute_value)
     SELECT $1, key, value FROM unnest($2::text[], $3::text[]) AS t (key, value)`,
    [id, attributes.map(([key]) => key), attributes.map(([, value]) => value)],
  );
}

export const EVERYTHING: Range = { after: null, upTo: null };
export const READ: ReadOptions = { maxSessionBytes: 128 * 1024 * 1024 };
export const STARTED = { startedAt: Date.parse("2026-11-24T00:00:00Z") };

export async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

export async function collectSessions(
  batches: AsyncIterable<SourceBatch>,
  store: ResolvedStore,
): Promise<SourceSession[]> {
  const all: SourceSession[] = [];
  for await (const batch of batches) all.push(...sessionsOf(batch, store));
  return all;
}

/** The only session there is. */
export async function readOne(opened: Pick<Opened, "read">): Promise<SourceSession> {
  const [session, ...others] = await opened.read();
  if (session === undefined || others.length > 0) throw new Error("there should be one session");
  return session;
}

/** Plans a table and reads it chunk by chunk. */
export async function readByPlan(
  opened: Pick<Opened, "sessions" | "read">,
  chunkSize: number,
): Promise<{ chunks: SourceSession[][]; bounds: Bound[] }> {
  const planned = await collect(opened.sessions.planChunks({ after: null, chunkSize }));
  const bounds = planned.map(({ upTo }) => upTo);
  return { chunks: await readByBounds(opened, bounds), bounds };
}

export async function readByBounds(
  { read }: Pick<Opened, "read">,
  bounds: readonly Bound[],
): Promise<SourceSession[][]> {
  const chunks: SourceSession[][] = [];
  for (let i = 0; i <= bounds.length; i += 1)
    chunks.push(await read({}, { after: bounds[i - 1] ?? null, upTo: bounds[i] ?? null }));
  return chunks;
}

export async function failureOf(work: Promise<unknown>): Promise<RehomeError> {
  return (await work.then(
    () => {
      throw new Error("it should have failed");
    },
    (error: unknown) => error,
  )) as RehomeError;
}
