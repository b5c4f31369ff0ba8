import { type Column, columnOf, parseTableName, type ResolvedStore, showTable } from "@rehome/core";
import { escapeIdentifier, escapeLiteral } from "pg";

type Typed = Pick<Column, "type" | "kind">;

/** A table as SQL names it. */
export function quoteTable(name: string): string {
  const parsed = parseTableName(name);
  if (parsed === null) throw new TypeError("not a table's name");
  const { schema, table } = parsed;
  return [...(schema === null ? [] : [schema]), table].map(escapeIdentifier).join(".");
}

/** A column of the table with this alias. */
export function quoteColumn(alias: string, name: string): string {
  return `${alias}.${escapeIdentifier(name)}`;
}

/** For messages. */
export function showColumn(table: string, column: string): string {
  return `${showTable(table)}.${column}`;
}

/** Types whose binary form in COPY is what is to be read: text, bytes, a time in UTC, one byte for a boolean. */
const AS_THEY_ARE = [
  "text",
  "character varying",
  "json",
  "bytea",
  "boolean",
  "timestamp with time zone",
];

/** A column as it is to be read by COPY. Where a type has its own binary form, or padding, its text has none. */
export function readable(sql: string, { type, kind }: Typed, zone: string): string {
  if (AS_THEY_ARE.includes(type)) return sql;
  return kind === "time" ? readableTime(sql, zone) : `${sql}::text`;
}

const UTC = ["UTC", "Etc/UTC"];

/**
 * A timestamp as COPY gives it in binary, to be read as an absolute one. In UTC it is one already: the same
 * microseconds since the same moment.
 */
function readableTime(sql: string, zone: string): string {
  return UTC.includes(zone) ? sql : absolute(sql, zone);
}

/**
 * A timestamp without time zone, made absolute by the server: the worker's own zone must not matter. So near to
 * the ends of what PostgreSQL can hold that the zone would carry it beyond, it counts as infinite.
 */
function absolute(sql: string, zone: string): string {
  return `CASE WHEN ${sql} >= '4712-01-01 BC' AND ${sql} < '294276-12-01'
               THEN ${sql} AT TIME ZONE ${escapeLiteral(zone)}
               WHEN ${sql} > '2000-01-01' THEN 'infinity' WHEN ${sql} < '2000-01-01' THEN '-infinity' END`;
}

/** How far a value may shrink by compression: by a factor of 255 with LZ4, less with pglz. */
const MAX_COMPRESSION = 256;

/** Whether a value is of more bytes than these; NULL where it is NULL. */
export function isLonger(sql: string, { kind, type }: Typed, bytes: number): string {
  if (kind !== "json") return `octet_length(${sql}) > ${bytes}`;
  if (type === "jsonb") return `octet_length(${sql}::text) > ${bytes}`;
  // It must be made text to be measured: only what is stored in enough bytes is.
  const stored = Math.floor(bytes / MAX_COMPRESSION);
  return `(pg_column_size(${sql}) > ${stored} AND octet_length(${sql}::text) > ${bytes})`;
}

/** A readable value, or NULL where it is longer than that. */
export function withheld(sql: string, column: Typed, zone: string, bytes: number): string {
  const read = readable(sql, column, zone);
  return column.kind === "json"
    ? `CASE WHEN NOT ${isLonger(sql, column, bytes)} THEN ${read} END`
    : `CASE WHEN octet_length(${sql}) <= ${bytes} THEN ${read} END`;
}

/** Whether a row's session counts as expired by the server's clock; NULL or false where it does not. */
export function hasExpired(store: ResolvedStore, alias: string): string {
  return `(${expiresWithin(store, alias, 0)} OR ${isEmpty(store, alias)})`;
}

/** Whether a row holds no byte of a value and so is no session: it counts as one that has expired. */
export function isEmpty(store: ResolvedStore, alias: string): string {
  const { value } = store;
  if (value.form !== "string" || value.empty === "value") return "false";
  const column = columnOf(store, 0, value.string);
  return `octet_length(${readable(quoteColumn(alias, column.name), column, store.zone)}) = 0`;
}

/** Whether a row's expiry comes before so many seconds from now have passed. */
export function expiresWithin(store: ResolvedStore, alias: string, seconds: number): string {
  const { column, as, plusSeconds, since } = store.sessions.expires;
  const sql = quoteColumn(alias, column);
  if (as === "time") {
    // Taken from the time now, since an expiry may be as late as a time can be.
    return `${absoluteTime(store, alias, column)} <= now() - interval '${plusSeconds - seconds} seconds'`;
  }
  // As numeric, no sum is too large.
  const number = `${sql}::numeric`;
  const moment =
    since === null
      ? number
      : `CASE WHEN ${number} <= ${since.atMost} THEN ${number} + ${quoteColumn(alias, since.column)}::numeric ELSE ${number} END`;
  const unix = as === "epoch-seconds" ? moment : `(${moment}) / 1000`;
  return `(${unix}) + ${plusSeconds - seconds} <= extract(epoch FROM now())`;
}

/** A column of the sessions that is a time, as a timestamptz. */
export function absoluteTime(store: ResolvedStore, alias: string, name: string): string {
  const sql = quoteColumn(alias, name);
  const isAbsolute = columnOf(store, 0, name).type === "timestamp with time zone";
  return isAbsolute ? sql : `(${absolute(sql, store.zone)})`;
}

/** A session id as SQL's text protocol is to give it: see core's SessionId. */
export function idAsText(sql: string, { kind }: Pick<Column, "kind">): string {
  // With an E, the literal is the same whatever standard_conforming_strings is.
  return kind === "bytes" ? String.raw`E'\\x' || encode(${sql}, 'hex')` : `${sql}::text`;
}
