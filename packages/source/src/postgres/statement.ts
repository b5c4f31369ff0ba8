import { type Column, columnOf, type ResolvedStore, type SessionId } from "@rehome/core";
import { escapeLiteral } from "pg";
import { isLonger, quoteColumn, quoteTable, readable, withheld } from "./expressions.js";
import { arrayLiteral, type Match } from "./match.js";
import type { Rows } from "./rows.js";
import { hasCollation, isWhole } from "./types.js";

/** The key of a row that is looked up: of the many that are whole numbers, the number is faster to handle. */
export type Key = string | number;

/** How the attributes of a session are found: see attribute-lookup.ts. */
export interface AttributeLookup {
  /** Between a session s and its attributes d. */
  readonly on: string;
  /** Whether attributes sort and compare by their own session ids as the sessions do by theirs. */
  readonly isRange: boolean;
}

/** Of `selectSessions`: the id, whether a value was withheld for its length, then the store's own columns. */
export const [ID, WITHHELD, FIRST_COLUMN] = [0, 1, 2];
/** Of `selectLookup`: the key, then as above. */
export const KEY = 0;
/** Of `selectAttributes`. */
export const ATTRIBUTE = { sessionId: 0, withheld: 1, name: 2, value: 3 } as const;
export const ATTRIBUTE_COLUMNS = 4;

/** What of a table is read beside its key. */
export function columnsOfTable(store: ResolvedStore, table: number): Column[] {
  const columns = store.columns.filter((column) => column.table === table);
  return table === 0 ? columns.slice(1) : columns;
}

/** Where a column of the sessions' own table is in a row of `selectSessions`. */
export function placeInRow(store: ResolvedStore, name: string): number {
  if (name === store.sessions.id) return ID;
  return FIRST_COLUMN + columnsOfTable(store, 0).findIndex((column) => column.name === name);
}

/**
 * A value longer than `bytes` stays where it is, and the row says so. With an order, the first `most` sessions or all;
 * without one, all in whatever order the server finds them.
 */
export function selectSessions(
  store: ResolvedStore,
  rows: Rows,
  bytes: number,
  order: { readonly most: number | null } | null,
): string {
  const id = quoteColumn("s", store.sessions.id);
  const select = `
    SELECT ${selectId(store)}, ${selectColumns(store, 0, "s", bytes)}
      FROM ${rows.from} WHERE ${rows.where}`;
  if (order === null) return select;
  const ordered = `${select} ORDER BY ${id}`;
  const { most } = order;
  if (most === null) return ordered;
  // Rows of one id must not be on both sides of a page's end.
  return `${ordered} ${store.isUnique ? `LIMIT ${most}` : `FETCH FIRST ${most} ROWS WITH TIES`}`;
}

/** All of some rows, sorted: see `sortedBy`. */
export function selectSorted(store: ResolvedStore, rows: Rows, bytes: number): string {
  const all: Rows = { from: `(SELECT * ${fromRows(rows)} OFFSET 0) s`, where: "true" };
  return `${selectSessions(store, all, bytes, null)} ORDER BY ${sortedBy(store)}`;
}

/**
 * Any order will do in which the attributes come as well: look-ups in it find neighbours in the index, and text is sorted
 * fastest byte by byte. `OFFSET 0` keeps the server from reading all the table by an index that has this order.
 */
function sortedBy(store: ResolvedStore): string {
  const { name, type } = columnOf(store, 0, store.sessions.id);
  const id = quoteColumn("s", name);
  return hasCollation(type) ? `${id} COLLATE "C"` : id;
}

/** Of the rows of `selectSorted`, those from one session to another. */
export function sortedBetween(
  store: ResolvedStore,
  { from, where }: Rows,
  first: SessionId | null,
  last: SessionId | null,
): Rows {
  if (first === null || last === null) throw new TypeError("no sessions");
  const id = sortedBy(store);
  const between = `${id} BETWEEN ${escapeLiteral(first)} AND ${escapeLiteral(last)}`;
  return { from, where: `${where} AND ${between}` };
}

function fromRows({ from, where }: Rows): string {
  return `FROM ${from} WHERE ${where}`;
}

/** A session's id, as it is read by COPY. */
export function selectId(store: ResolvedStore): string {
  const column = columnOf(store, 0, store.sessions.id);
  return readable(quoteColumn("s", column.name), column, store.zone);
}

/** These rows of a lookup, by the order of its index. */
export function selectLookup(
  store: ResolvedStore,
  lookup: number,
  keys: readonly Key[],
  bytes: number,
): string {
  const { table, key } = store.lookups[lookup] as ResolvedStore["lookups"][number];
  return `${selectKeyed(store, lookup, bytes)}
      FROM ${quoteTable(table)} l WHERE ${quoteColumn("l", key)} = ANY (${arrayLiteral(keys)}${castOfKeys(store, lookup)})`;
}

/** The rows of a lookup for all of these rows of the sessions' table, by the order of its index. */
export function selectLookupOf(
  store: ResolvedStore,
  lookup: number,
  rows: Rows,
  bytes: number,
): string {
  const { table, key, from } = store.lookups[lookup] as ResolvedStore["lookups"][number];
  const column = quoteColumn("l", key);
  const keys = `SELECT DISTINCT ${quoteColumn("s", from)} AS key ${fromRows(rows)} ORDER BY key OFFSET 0`;
  return `${selectKeyed(store, lookup, bytes)} FROM (${keys}) k JOIN ${quoteTable(table)} l ON ${column} = k.key`;
}

/** Whether the server can compare the keys of a lookup with what refers to them, and no collation comes in between. */
export function canBeJoined(store: ResolvedStore, lookup: number): boolean {
  return !hasCollation(store.lookupKeys[lookup] as string);
}

function selectKeyed(store: ResolvedStore, lookup: number, bytes: number): string {
  const { key } = store.lookups[lookup] as ResolvedStore["lookups"][number];
  const type = store.lookupKeys[lookup] as string;
  const kind = isWhole({ type }) ? "number" : "text";
  const read = readable(quoteColumn("l", key), { type, kind }, store.zone);
  return `SELECT ${read}, ${selectColumns(store, lookup + 1, "l", bytes)}`;
}

/** Whole numbers of different widths are compared as the widest: a key too large for a narrow one is not there. */
function castOfKeys(store: ResolvedStore, lookup: number): string {
  const { from } = store.lookups[lookup] as ResolvedStore["lookups"][number];
  const type = store.lookupKeys[lookup] as string;
  const isSame = columnOf(store, 0, from).type === type;
  return isWhole({ type }) && !isSame ? "::bigint[]" : "";
}

function selectColumns(store: ResolvedStore, table: number, alias: string, bytes: number): string {
  const columns = columnsOfTable(store, table).map((column) => ({
    column,
    sql: quoteColumn(alias, column.name),
  }));
  const long = columns.filter(({ column }) => column.isLong);
  const isWithheld = long.map(({ column, sql }) => isLonger(sql, column, bytes)).join(" OR ");
  return [
    isWithheld === "" ? "false" : isWithheld,
    ...columns.map(({ column, sql }) =>
      column.isLong ? withheld(sql, column, store.zone, bytes) : readable(sql, column, store.zone),
    ),
  ].join(", ");
}

/** Whose attributes: those of sessions whose ids match, or of some rows of the sessions' table. */
export type AttributesOf = { readonly match: Match } | { readonly rows: Rows };

/** Attributes session by session, in the sessions' order. */
export function selectAttributes(
  store: ResolvedStore,
  of: AttributesOf,
  bytes: number,
  lookup: AttributeLookup,
): string {
  const { attributes, attributeValue } = store;
  if (attributes === null || attributeValue === null) throw new TypeError("no attributes");
  const [name, value] = [quoteColumn("d", attributes.name), quoteColumn("d", attributes.value)];
  const table = `${quoteTable(attributes.table)} d`;
  const [isLong, read] = attributeValue.isLong
    ? [isLonger(value, attributeValue, bytes), withheld(value, attributeValue, store.zone, bytes)]
    : ["false", readable(value, attributeValue, store.zone)];
  const select = (id: string) =>
    `SELECT ${readable(id, columnOf(store, 0, store.sessions.id), store.zone)}, ${isLong}, ${name}, ${read}`;
  const [own, theirs] = [quoteColumn("s", store.sessions.id), quoteColumn("d", attributes.session)];
  if ("rows" in of) {
    // A nested loop keeps the order of its outer side.
    const keys = [own, ...(attributes.from === null ? [] : [quoteColumn("s", attributes.from)])];
    const sorted = `SELECT ${keys.join(", ")} ${fromRows(of.rows)} ORDER BY ${sortedBy(store)} OFFSET 0`;
    return `${select(own)} FROM (${sorted}) s JOIN ${table} ON ${lookup.on}`;
  }
  return lookup.isRange
    ? `${select(theirs)} FROM ${table} WHERE ${of.match(theirs)} ORDER BY ${theirs}`
    : `${select(own)} FROM ${quoteTable(store.sessions.table)} s JOIN ${table} ON ${lookup.on} WHERE ${of.match(own)} ORDER BY ${own}`;
}
