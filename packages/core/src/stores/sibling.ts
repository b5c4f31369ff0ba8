import { formatTableName, parseTableName } from "../table-name.js";

/** The table of another name in the same schema. */
export function nextTo(table: string, name: string): string {
  return formatTableName({ schema: parseTableName(table)?.schema ?? null, table: name });
}

/** The table whose name goes on: in capitals where the name is, as MySQL tells them apart. */
export function withSuffix(table: string, suffix: string): string {
  const parsed = parseTableName(table) ?? { schema: null, table };
  const isUpper = parsed.table === parsed.table.toUpperCase();
  const end = isUpper ? suffix.toUpperCase() : suffix.toLowerCase();
  return formatTableName({ ...parsed, table: parsed.table + end });
}
