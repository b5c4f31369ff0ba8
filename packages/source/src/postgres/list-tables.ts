import type { CatalogueColumn, CatalogueTable } from "@rehome/core";
import type { Connections } from "./connections.js";
import { type ColumnFacts, kindOf, TYPE_OF_COLUMN } from "./types.js";

interface Row extends ColumnFacts {
  readonly schema: string;
  readonly table: string;
  readonly needsSchema: boolean;
  readonly isUnique: boolean;
}

/**
 * Read from the catalogue alone: no table is opened. A name needs its schema where findTable() would not find it, or
 * another one as well, along the search path.
 */
export async function listTables(connections: Connections): Promise<CatalogueTable[]> {
  const rows = await connections.query<Row & Record<string, unknown>>(
    `SELECT n.nspname AS schema, c.relname AS table, a.attname AS name, t.type, t.category, t.typtype, t.modifier,
            NOT (n.nspname = ANY (current_schemas(false))) OR EXISTS (
              SELECT FROM pg_class other JOIN pg_namespace o ON o.oid = other.relnamespace
               WHERE other.relname = c.relname AND other.oid <> c.oid
                 AND other.relkind IN ('r', 'p', 'v', 'm', 'f') AND o.nspname = ANY (current_schemas(false))
            ) AS "needsSchema",
            true AS "isDeterministic", true AS "isReadable",
            EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
                       AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL) AS "isUnique"
       FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       ${TYPE_OF_COLUMN}
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
        AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
      ORDER BY n.nspname = ANY (current_schemas(false)) DESC, n.nspname, c.relname, a.attnum`,
  );
  const tables = new Map<string, CatalogueTable & { readonly columns: CatalogueColumn[] }>();
  for (const row of rows) {
    const key = JSON.stringify([row.schema, row.table]);
    const { schema, name, type, isUnique, needsSchema } = row;
    const table = tables.get(key) ?? { schema, table: row.table, needsSchema, columns: [] };
    tables.set(key, table);
    table.columns.push({ name, type, kind: kindOf(row), isUnique });
  }
  return [...tables.values()];
}
