import { is, SQL } from "drizzle-orm";
import { getTableConfig, PgDialect, type PgTable } from "drizzle-orm/pg-core";
import { escapeIdentifier, escapeLiteral } from "pg";

const dialect = new PgDialect();

/** The statement that creates a table of the schema, as far as the schema goes: no more of drizzle's is used there. */
export function createTable(table: PgTable): string {
  const { name, columns, foreignKeys, uniqueConstraints } = getTableConfig(table);
  const lines = columns.map((column) =>
    [
      escapeIdentifier(column.name),
      column.getSQLType(),
      column.primary ? "PRIMARY KEY" : column.notNull ? "NOT NULL" : "",
      column.isUnique ? "UNIQUE" : "",
      column.default === undefined ? "" : `DEFAULT ${defaultValue(column.default)}`,
    ]
      .filter((part) => part !== "")
      .join(" "),
  );
  for (const key of foreignKeys) {
    const { columns: from, foreignColumns, foreignTable } = key.reference();
    lines.push(
      `FOREIGN KEY (${names(from)}) REFERENCES ${escapeIdentifier(getTableConfig(foreignTable).name)} (${names(foreignColumns)}) ON DELETE ${key.onDelete ?? "no action"}`,
    );
  }
  for (const constraint of uniqueConstraints) lines.push(`UNIQUE (${names(constraint.columns)})`);
  return `CREATE TABLE ${escapeIdentifier(name)} (\n  ${lines.join(",\n  ")}\n)`;
}

function names(columns: readonly { readonly name: string }[]): string {
  return columns.map((column) => escapeIdentifier(column.name)).join(", ");
}

function defaultValue(value: unknown): string {
  if (is(value, SQL)) return dialect.sqlToQuery(value).sql;
  return typeof value === "string" ? escapeLiteral(value) : JSON.stringify(value);
}
