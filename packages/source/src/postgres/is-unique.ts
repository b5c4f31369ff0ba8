import type { Connections } from "./connections.js";
import type { FoundTable } from "./find-table.js";

/**
 * Whether an index keeps two rows from having one value in this column: one on the column alone, valid, without
 * conditions, under the column's own collation or where that does not matter. Tables that inherit from this one are read
 * with it, and its index knows nothing of them.
 */
export async function isUnique(
  connections: Connections,
  table: FoundTable,
  column: string,
): Promise<boolean> {
  const rows = await connections.query(
    `SELECT FROM pg_index i
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
       LEFT JOIN pg_collation c ON c.oid = a.attcollation
      WHERE i.indrelid = $1::oid AND a.attname = $2 AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
        AND i.indpred IS NULL
        AND (i.indcollation[0] = a.attcollation OR c.collisdeterministic)
        AND ($3 OR NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = i.indrelid))`,
    [table.oid, column, table.kind === "p"],
  );
  return rows.length > 0;
}
