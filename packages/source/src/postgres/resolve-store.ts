import {
  type ColumnUse,
  columnsOf,
  type NamedStore,
  placeColumns,
  type ResolvedStore,
  tablesOf,
  ZONE_OF_SERVER,
} from "@rehome/core";
import type { Connections } from "./connections.js";
import { type FoundTable, findTable } from "./find-table.js";
import { TableColumns } from "./read-columns.js";
import { schemaError } from "./schema-error.js";
import { areComparable, type ColumnFacts, isId, isLong, isReference, kindOf } from "./types.js";

/** A store as this database holds it, and the tables it reads, each with the column its rows are found by. */
export interface Resolved {
  readonly store: ResolvedStore;
  readonly tables: readonly (FoundTable & { readonly key: string })[];
}

/** A table, and its columns. */
interface Opened {
  readonly table: FoundTable;
  readonly columns: TableColumns;
}

/** Looks up every table and column of a store. Throws RehomeError `source-schema` for the first that does not fit. */
export async function resolveStore(
  connections: Connections,
  store: NamedStore,
  serverZone: string,
): Promise<Resolved> {
  const opened: Opened[] = [];
  for (const { table, path } of tablesOf(store)) {
    const found = await findTable(connections, table, path);
    opened.push({ table: found, columns: await TableColumns.read(connections, found) });
  }
  const [sessions, ...others] = opened as [Opened, ...Opened[]];
  const lookups = store.lookups.map((lookup, i) => ({ ...lookup, ...(others[i] as Opened) }));
  const last = others[store.lookups.length];
  const attributes =
    store.attributes === null || last === undefined ? null : { ...store.attributes, ...last };

  const columns = columnsOf(store).map((use) => {
    const { columns: from } = opened[use.table] as Opened;
    const { table, name, roles, path } = use;
    return { table, name, roles, ...describe(from.get(name, path, ...neededFor(use, store))) };
  });
  return {
    store: {
      ...store,
      sessions: { ...store.sessions, table: sessions.table.name },
      lookups: store.lookups.map((lookup, i) => ({ ...lookup, table: tableName(lookups[i]) })),
      attributes:
        store.attributes === null ? null : { ...store.attributes, table: tableName(attributes) },
      zone: await resolveZone(connections, store.zone, serverZone),
      columns: placeColumns(columns),
      attributeValue: attributes === null ? null : checkAttributes(attributes, sessions, store),
      lookupKeys: lookups.map(({ key, from, columns: own }, i) =>
        keyType(own, key, `lookups[${i}].key`, typeOf(sessions, from)),
      ),
      isUnique: await isUnique(connections, sessions.table, store.sessions.id),
    },
    tables: [
      { ...sessions.table, key: store.sessions.id },
      ...lookups.map(({ table, key }) => ({ ...table, key })),
      ...(attributes === null ? [] : [{ ...attributes.table, key: attributes.session }]),
    ],
  };
}

function tableName(opened: Opened | null | undefined): string {
  if (opened === null || opened === undefined) throw new TypeError("the table was not looked up");
  return opened.table.name;
}

function typeOf({ columns }: Opened, name: string): string {
  return columns.get(name, "sessions", "any type", () => true).type;
}

/** Returns what the values are. */
function checkAttributes(
  {
    columns,
    session,
    from,
    name,
    value,
  }: Opened & Omit<NonNullable<NamedStore["attributes"]>, "table">,
  sessions: Opened,
  { sessions: { id } }: NamedStore,
): ResolvedStore["attributeValue"] {
  keyType(columns, session, "attributes.session", typeOf(sessions, from ?? id));
  columns.get(name, "attributes.name", TEXT, isUnpaddedText);
  return describe(columns.get(value, "attributes.value", VALUE, isValue));
}

const ID = "varchar, text, char, uuid or bytea";
const REFERENCE = "a whole number, uuid, varchar or text whose equality is that of its bytes";
const TIME = "timestamp or timestamptz";
const NUMBER = "a number";
const TEXT = "varchar or text";
const VALUE = "text, a number, json or bytea";
const ANY = "text, a number, boolean, uuid, a date or time, json or bytea";

type Needed = readonly [needed: string, fits: (column: ColumnFacts) => boolean];

/** What a column must be for all that it is read for. */
function neededFor({ roles, name, table }: ColumnUse, store: NamedStore): Needed {
  const isKind =
    (...kinds: readonly (string | null)[]) =>
    (column: ColumnFacts) =>
      kinds.includes(kindOf(column));
  if (roles.includes("id")) return [ID, isId];
  if (roles.includes("expiry"))
    return store.sessions.expires.as === "time"
      ? [TIME, isKind("time")]
      : [NUMBER, isKind("number")];
  if (roles.includes("recency")) return [`${TIME}, or ${NUMBER}`, isKind("time", "number")];
  if (roles.includes("reference") && table === 0 && store.lookups.some(({ from }) => from === name))
    return [REFERENCE, isReference];
  return [ANY, (column) => kindOf(column) !== null];
}

function isUnpaddedText(column: ColumnFacts): boolean {
  return kindOf(column) === "text" && column.type !== "character" && column.category === "S";
}

function isValue(column: ColumnFacts): boolean {
  const kind = kindOf(column);
  return kind !== null && kind !== "flag" && kind !== "time";
}

function describe(
  facts: ColumnFacts,
): Pick<ResolvedStore["columns"][number], "kind" | "type" | "isLong"> {
  const kind = kindOf(facts);
  if (kind === null) throw new TypeError(`a column of type ${facts.type}`);
  return { kind, type: facts.type, isLong: isLong(facts) };
}

/** The type of a column that rows are looked up by; it must compare with the one that refers to it. */
function keyType(columns: TableColumns, name: string, path: string, referring: string): string {
  const fits = (column: ColumnFacts) => areComparable(column.type, referring);
  return columns.get(name, path, `${referring}, as the column that refers to it`, fits).type;
}

/** A valid unique index on the id alone, without conditions. */
async function isUnique(connections: Connections, table: FoundTable, id: string): Promise<boolean> {
  const rows = await connections.query(
    `SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = $1::oid AND a.attname = $2 AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
        AND i.indpred IS NULL AND i.indexprs IS NULL`,
    [table.oid, id],
  );
  return rows.length > 0;
}

async function resolveZone(
  connections: Connections,
  zone: string,
  serverZone: string,
): Promise<string> {
  if (zone === ZONE_OF_SERVER) return serverZone;
  const known = await connections.query(
    "SELECT FROM pg_timezone_names WHERE name = $1 OR lower(name) = lower($1) LIMIT 1",
    [zone],
  );
  if (known.length === 0) {
    throw schemaError(
      `the server knows no zone ${JSON.stringify(zone)}`,
      "Name one such as Europe/Berlin, UTC or server",
      "zone",
    );
  }
  return zone;
}
