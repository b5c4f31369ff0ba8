import type { HeapFile, ResolvedStore } from "@rehome/core";
import { escapeIdentifier } from "pg";
import type { Connections } from "../connections.js";
import { quoteTable } from "../expressions.js";

/** A heap of the sessions' table as the catalogue tells of it. */
export interface FoundFile extends Omit<HeapFile, "sessions"> {
  readonly schema: string;
  readonly name: string;
  /** Rows a page, as of the last VACUUM or ANALYZE; null where there was none, or no row: there may be many by now. */
  readonly density: number | null;
}

interface Found extends Omit<FoundFile, "filenode"> {
  /** Null where it is no heap: a foreign table, another access method. */
  readonly filenode: number | null;
  readonly isReadable: boolean;
}

export function quoteFile({ schema, name }: Pick<FoundFile, "schema" | "name">): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}

/**
 * The table of the sessions, or its partitions and children down to the last, by oid: a table that others inherit from
 * holds rows as well. Null where one of them is no heap, or may not be read by itself: where a row lies, and what wrote
 * it, is told to those alone who may read the whole table.
 */
export async function findFiles(
  connections: Connections,
  store: ResolvedStore,
): Promise<FoundFile[] | null> {
  const found = await connections.query<Found & Record<string, unknown>>(
    `WITH RECURSIVE tree (oid) AS (
       SELECT to_regclass($1)::oid
       UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.oid WHERE NOT i.inhdetachpending)
     SELECT c.oid::bigint::float8 AS oid, n.nspname AS schema, c.relname AS name,
            CASE WHEN c.relkind = 'r' AND am.amname = 'heap' THEN pg_relation_filenode(c.oid)::bigint::float8 END AS filenode,
            CASE WHEN c.relkind = 'r' THEN pg_relation_size(c.oid) / current_setting('block_size')::int ELSE 0 END::float8 AS pages,
            CASE WHEN c.relpages > 0 AND c.reltuples > 0 THEN c.reltuples / c.relpages END::float8 AS density,
            NOT EXISTS (SELECT FROM tree WHERE NOT has_table_privilege(oid, 'SELECT') OR row_security_active(oid)) AS "isReadable"
       FROM tree t JOIN pg_class c ON c.oid = t.oid JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_am am ON am.oid = c.relam
      WHERE c.relkind <> 'p' ORDER BY c.oid`,
    [quoteTable(store.sessions.table)],
  );
  const files = found.flatMap(({ filenode, isReadable, ...file }) =>
    filenode !== null && isReadable ? [{ ...file, filenode }] : [],
  );
  return files.length > 0 && files.length === found.length ? files : null;
}
