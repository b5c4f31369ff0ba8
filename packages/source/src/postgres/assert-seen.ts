import { RehomeError, type ResolvedStore } from "@rehome/core";
import type { PoolClient } from "pg";
import { quoteTable } from "./expressions.js";

/**
 * To be asked once a snapshot has read the store's tables: its locks last until it ends. ALTER TABLE and TRUNCATE leave
 * nothing for an older snapshot to see, and whoever waited for them has read an empty table. Throws RehomeError
 * `source-altered`, retryable.
 */
export async function assertSeen(client: PoolClient, store: ResolvedStore): Promise<void> {
  const { sessions, lookups, attributes } = store;
  const tables = [sessions, ...lookups, ...(attributes === null ? [] : [attributes])];
  // The catalogue's rows are of the snapshot; the function says what is there now.
  const { rows } = await client.query<{ isRewritten: boolean }>(
    `WITH RECURSIVE tree (oid) AS (
       SELECT to_regclass(name)::oid FROM unnest($1::text[]) AS name
       UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.oid)
     SELECT EXISTS (SELECT FROM tree t JOIN pg_class c ON c.oid = t.oid
                     WHERE c.relfilenode <> pg_relation_filenode(c.oid)) AS "isRewritten"`,
    [tables.map(({ table }) => quoteTable(table))],
  );
  if (rows[0]?.isRewritten !== true) return;
  throw new RehomeError(
    "source-altered",
    "source: a table of the store was rewritten as it was about to be read",
    { hint: "It is read again", retryable: true },
  );
}
