/** A table or view of the source; the schema is null where the server's search path decides. */
export interface TableName {
  readonly schema: string | null;
  readonly table: string;
}

/** A part is taken as it is written, upper case and all; one that holds a dot or a quote stands in double quotes. */
const PART = /(?:"((?:[^"]|"")+)"|([^".]+))/.source;
const TABLE_NAME = new RegExp(`^(?:${PART}\\.)?${PART}$`, "u");

/** Reads `[schema.]table`; null where it is not of that form. */
export function parseTableName(text: string): TableName | null {
  const match = TABLE_NAME.exec(text);
  if (match === null) return null;
  const [, quotedSchema, schema, quotedTable, table] = match;
  return {
    schema: schema ?? unquote(quotedSchema) ?? null,
    table: table ?? unquote(quotedTable) ?? "",
  };
}

/** The inverse: `auth.login`, or `"we.ird"` in quotes where it needs them. */
export function formatTableName({ schema, table }: TableName): string {
  return [...(schema === null ? [] : [schema]), table].map(quoteIfNeeded).join(".");
}

/** For messages: without the schema. */
export function showTable(name: string): string {
  const parsed = parseTableName(name);
  return parsed === null ? name : formatTableName({ ...parsed, schema: null });
}

function unquote(text: string | undefined): string | undefined {
  return text?.replaceAll('""', '"');
}

function quoteIfNeeded(part: string): string {
  return /^[^".]+$/u.test(part) ? part : `"${part.replaceAll('"', '""')}"`;
}
