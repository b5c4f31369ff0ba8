import { formatTableName, parseTableName } from "@rehome/core";
import { escapeIdentifier } from "pg";
import type { Connections } from "./connections.js";
import { schemaError } from "./schema-error.js";

/** A table or view, found. */
export interface FoundTable {
  /** `schema.table`, in quotes where a part needs them: see core's parseTableName. */
  readonly name: string;
  readonly oid: string;
  /** pg_class.relkind: `r` a table, `p` a partitioned one, others have no indexes of their own. */
  readonly kind: string;
}

interface Row {
  readonly schema: string;
  readonly oid: string;
  readonly kind: string;
  readonly onPath: boolean;
  readonly mayBeUsed: boolean;
  /** False for a materialized view that was never filled. */
  readonly isFilled: boolean;
}

/** A name without a schema is looked for along the search path, and must be there once. Throws RehomeError. */
export async function findTable(
  connections: Connections,
  named: string,
  path: string,
): Promise<FoundTable> {
  const { schema, table } = parseTableName(named) ?? { schema: null, table: named };
  const rows = await connections.query<Row>(
    `SELECT n.nspname AS schema, c.oid::text AS oid, c.relkind AS kind,
            n.nspname = ANY (current_schemas(false)) AS "onPath",
            has_schema_privilege(n.oid, 'USAGE') AS "mayBeUsed", c.relispopulated AS "isFilled"
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_temp\\_%'
        AND ($2::text IS NULL OR n.nspname = $2)
      ORDER BY n.nspname`,
    [table, schema],
  );
  const found = schema === null ? rows.filter(({ onPath }) => onPath) : rows;
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) {
    if (!only.mayBeUsed) {
      throw schemaError(
        `schema ${only.schema} may not be used`,
        `As its owner run: GRANT USAGE ON SCHEMA ${escapeIdentifier(only.schema)} TO the user of SOURCE_URL`,
        path,
      );
    }
    const name = formatTableName({ schema: only.schema, table });
    if (!only.isFilled) {
      throw schemaError(
        `materialized view ${name} was never filled`,
        "As its owner run: REFRESH MATERIALIZED VIEW",
        path,
      );
    }
    return { name, oid: only.oid, kind: only.kind };
  }
  const candidates = (only === undefined ? rows : found).map((row) =>
    formatTableName({ schema: row.schema, table }),
  );
  if (only !== undefined) {
    throw schemaError(
      `table ${table} is ambiguous: there are ${candidates.join(" and ")}`,
      "Name it with its schema",
      path,
    );
  }
  throw schemaError(
    `table ${schema === null ? table : formatTableName({ schema, table })} is missing`,
    candidates.length > 0
      ? `There is ${candidates.join(" and ")}: name it with its schema`
      : "Check the database in SOURCE_URL and its search_path",
    path,
  );
}
