import { formatTableName, parseTableName } from "../table-name.js";

/** The table of another name in the same schema. */
export function nextTo(table: string, name: string): string {
  return formatTableName({ schema: parseTableName(table)?.schema ?? null, table: name });
}

/** The table whose name goes on: in capitals after a name that holds some, as MySQL keeps them apart. */
export function withSuffix(table: string, suffix: string): string {
  const parsed = parseTableName(table) ?? { schema: null, table };
  const isLower = parsed.table === parsed.table.toLowerCase();
  const end = isLower ? suffix.toLowerCase() : suffix.toUpperCase();
  return formatTableName({ ...parsed, table: parsed.table + end });
}
