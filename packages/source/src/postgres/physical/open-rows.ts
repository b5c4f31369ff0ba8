import { type HeapFile, type PhysicalOrder, RehomeError, type ResolvedStore } from "@rehome/core";
import pg, { type PoolClient } from "pg";
import { quoteColumn, quoteTable } from "../expressions.js";
import type { RowsOfPages } from "../reader.js";
import type { Rows } from "../rows.js";
import { quoteFile } from "./heap-file.js";
import type { Place } from "./place.js";

/** Transaction ids are compared by 32 of their bits: of two that are further apart, neither is known to be newer. */
const MAX_AGE = 2n ** 31n - 1_000_000n;

const MISSING = "42P01";

interface Now {
  /** The first transaction that the snapshot may not see, and the first that it does not see. */
  readonly from: string;
  readonly upTo: string;
}

/**
 * The rows of a place, as a snapshot that has just begun sees them; null where there are none by now, since the file is
 * no longer a part of the table. Throws RehomeError `source-behind`, to be waited for, on a replica that has not yet
 * seen what was there when the plan was made; `source-altered`, retryable, where the file went away just now.
 */
export async function openRows(
  client: PoolClient,
  store: ResolvedStore,
  order: PhysicalOrder,
  place: Place,
): Promise<Rows | RowsOfPages | null> {
  return place.kind === "pages"
    ? await openPages(client, store, order, place)
    : await openNewer(client, store, order);
}

/**
 * To be asked once a place was read: its lock lasts until the transaction ends. Throws RehomeError `source-rewritten`
 * where its pages are not those of the plan.
 */
export async function assertNotRewritten(client: PoolClient, place: Place): Promise<void> {
  if (place.kind === "newer") return;
  const { oid, filenode } = place.file;
  const { rows } = await client.query<{ filenode: number | null }>(
    `SELECT pg_relation_filenode(${oid})::bigint::float8 AS filenode`,
  );
  if (rows[0]?.filenode !== filenode) throw rewritten();
}

async function openPages(
  client: PoolClient,
  store: ResolvedStore,
  { since }: PhysicalOrder,
  { file, from, to }: Place & { kind: "pages" },
): Promise<RowsOfPages | null> {
  const found = await findFile(client, store, file);
  refuseBehind(found.from, since);
  if (found.schema === null || found.name === null || !found.isAttached) return null;
  const name = quoteFile({ schema: found.schema, name: found.name });
  await lock(client, name);
  // What the snapshot sees is in the file by now.
  const end = to ?? Math.max(from, found.pages);
  return {
    from,
    to: end,
    sessions: Math.ceil((file.sessions / Math.max(1, file.pages)) * (end - from)),
    part: (first, behind) => ({
      from: `ONLY ${name} s`,
      where: `s.ctid >= '(${first},0)' AND s.ctid < '(${behind},0)' AND ${hasId(store)}`,
    }),
  };
}

/** Whoever holds it may be about to drop it, or to give it another name. */
async function lock(client: PoolClient, name: string): Promise<void> {
  await client.query(`LOCK TABLE ONLY ${name} IN ACCESS SHARE MODE`).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError && error.code === MISSING)) throw error;
    throw new RehomeError(
      "source-altered",
      "source: a partition was dropped or renamed as it was about to be read",
      { hint: "It is looked for again", retryable: true },
    );
  });
}

interface FoundPlace extends Now {
  readonly schema: string | null;
  readonly name: string | null;
  readonly isAttached: boolean;
  readonly pages: number;
}

async function findFile(
  client: PoolClient,
  store: ResolvedStore,
  { oid }: HeapFile,
): Promise<FoundPlace> {
  const { rows } = await client.query<FoundPlace>(
    `WITH RECURSIVE above (oid) AS (
       SELECT $1::oid
       UNION SELECT i.inhparent FROM pg_inherits i JOIN above a ON i.inhrelid = a.oid WHERE NOT i.inhdetachpending)
     SELECT ${NOW}, n.nspname AS schema, c.relname AS name,
            $2::regclass::oid IN (SELECT oid FROM above) AS "isAttached",
            coalesce(pg_relation_size(c.oid) / current_setting('block_size')::int, 0)::float8 AS pages
       FROM (SELECT $1::oid AS oid) file
       LEFT JOIN pg_class c ON c.oid = file.oid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace`,
    [oid, quoteTable(store.sessions.table)],
  );
  return rows[0] as FoundPlace;
}

/**
 * Rows written by a transaction that had not ended when the plan was made, and all rows of files that became part of the
 * table since. Every transaction before `since` had ended, so what it wrote lay where the plan says, and lies there still.
 */
async function openNewer(
  client: PoolClient,
  store: ResolvedStore,
  { since, files }: PhysicalOrder,
): Promise<Rows | null> {
  const now = await readNow(client);
  refuseBehind(now.from, since);
  // No transaction has begun since then.
  if (BigInt(now.upTo) <= BigInt(since)) return null;
  const planned = await attachedBefore(client, files, since, now);
  const unknown = `s.tableoid <> ALL ('{${planned.join(",")}}'::oid[])`;
  return {
    from: `${quoteTable(store.sessions.table)} s`,
    where: `(${isNewer("s.xmin", since, now)} OR ${unknown}) AND ${hasId(store)}`,
  };
}

/** Of these files, those that have been part of the table all the time. */
async function attachedBefore(
  client: PoolClient,
  files: readonly HeapFile[],
  since: string,
  now: Now,
): Promise<number[]> {
  const { rows } = await client.query<{ oid: number }>(
    `WITH RECURSIVE attached (oid) AS (
       SELECT inhrelid FROM pg_inherits WHERE ${isNewer("xmin", since, now)}
       UNION SELECT i.inhrelid FROM pg_inherits i JOIN attached a ON i.inhparent = a.oid)
     SELECT oid::bigint::float8 AS oid FROM attached`,
  );
  const later = new Set(rows.map(({ oid }) => oid));
  return files.map(({ oid }) => oid).filter((oid) => !later.has(oid));
}

/** Of each transaction that the snapshot sees; a row may hold the id of one of an earlier cycle of 32 bits. */
export function isNewer(xmin: string, since: string, { upTo }: Now): string {
  if (BigInt(upTo) - BigInt(since) > MAX_AGE) return "true";
  const first = BigInt.asUintN(32, BigInt(since));
  return `age(${xmin}) BETWEEN 0 AND age('${first}'::xid)`;
}

const NOW = `txid_snapshot_xmin(txid_current_snapshot())::text AS "from", txid_snapshot_xmax(txid_current_snapshot())::text AS "upTo"`;

async function readNow(client: PoolClient): Promise<Now> {
  const { rows } = await client.query<Now>(`SELECT ${NOW}`);
  return rows[0] as Now;
}

/** Not `IS NOT NULL`, for which the server might look in an index. What has no id is no session. */
function hasId(store: ResolvedStore): string {
  return `num_nulls(${quoteColumn("s", store.sessions.id)}) = 0`;
}

function refuseBehind(from: string, since: string): void {
  if (BigInt(from) >= BigInt(since)) return;
  throw new RehomeError(
    "source-behind",
    "source: this server has not yet seen what was there when the run was planned",
    {
      hint: "It is a replica that lags behind, or another one than the plan was made on",
      unavailable: true,
    },
  );
}

function rewritten(): RehomeError {
  return new RehomeError(
    "source-rewritten",
    "source: the sessions' table was rewritten while it was read, by TRUNCATE, VACUUM FULL, CLUSTER or ALTER TABLE",
    { hint: "Start a new run: what was written stays" },
  );
}
