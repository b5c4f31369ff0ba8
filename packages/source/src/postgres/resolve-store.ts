import {
  columnsOf,
  configPath,
  type NamedStore,
  placeColumns,
  type ResolvedStore,
  tablesOf,
} from "@rehome/core";
import type { Connections } from "./connections.js";
import { showColumn } from "./expressions.js";
import { type FoundTable, findTable } from "./find-table.js";
import { isUnique } from "./is-unique.js";
import { ATTRIBUTE_NAME, ATTRIBUTE_VALUE, keyFor, LOOKUP_KEY, needsOf } from "./needs.js";
import { TableColumns } from "./read-columns.js";
import { resolveZone } from "./resolve-zone.js";
import { schemaError } from "./schema-error.js";
import { type ColumnFacts, isLong, kindOf } from "./types.js";

/** A store as this database holds it, and the tables it reads, each with the column its rows are found by. */
export interface Resolved {
  readonly store: ResolvedStore;
  readonly tables: readonly (FoundTable & { readonly key: string })[];
}

/** A table, its columns, and the column its rows are found by. */
interface Opened {
  readonly table: FoundTable;
  readonly columns: TableColumns;
  readonly key: string;
}

/** Looks up every table and column of a store. Throws RehomeError `source-schema` for the first that does not fit. */
export async function resolveStore(
  connections: Connections,
  store: NamedStore,
  serverZone: string,
): Promise<Resolved> {
  const opened = await openTables(connections, store);
  const at = (place: number) => opened[place] as Opened;
  const attributes = store.attributes === null ? null : at(1 + store.lookups.length);
  const columns = columnsOf(store).map((use) => {
    const { table, name, roles, path } = use;
    const facts = at(table).columns.get(name, path, ...needsOf(use, store));
    return { table, name, roles, ...described(facts) };
  });
  return {
    store: {
      ...store,
      sessions: { ...store.sessions, table: at(0).table.name },
      lookups: store.lookups.map((lookup, i) => ({ ...lookup, table: at(i + 1).table.name })),
      attributes:
        store.attributes === null || attributes === null
          ? null
          : { ...store.attributes, table: attributes.table.name },
      zone: await resolveZone(connections, store, serverZone),
      columns: placeColumns(columns),
      attributeValue: attributes === null ? null : attributeValue(store, at(0), attributes),
      lookupKeys: store.lookups.map(({ from }, i) => {
        const { columns: own, key } = at(i + 1);
        const referring = at(0).columns.get(from, `lookups[${i}].from`);
        return own.get(key, `lookups[${i}].key`, keyFor(referring), LOOKUP_KEY).type;
      }),
      isUnique: await checkUnique(connections, store, at(0)),
    },
    tables: opened.map(({ table, key }) => ({ ...table, key })),
  };
}

/** The sessions' table, the lookups' in their order, the attributes'. */
async function openTables(connections: Connections, store: NamedStore): Promise<Opened[]> {
  const { sessions, lookups, attributes } = store;
  const keys = [
    sessions.id,
    ...lookups.map(({ key }) => key),
    ...(attributes === null ? [] : [attributes.session]),
  ];
  const opened: Opened[] = [];
  for (const [i, { table: named, path }] of tablesOf(store).entries()) {
    const table = await findTable(connections, named, configPath(store, path));
    const columns = await TableColumns.read(connections, table, (at) => configPath(store, at));
    opened.push({ table, columns, key: keys[i] as string });
  }
  return opened;
}

function attributeValue(
  store: NamedStore,
  sessions: Opened,
  { columns, key }: Opened,
): ResolvedStore["attributeValue"] {
  const { attributes } = store;
  if (attributes === null) return null;
  const { from, name, value } = attributes;
  const referring = sessions.columns.get(from ?? store.sessions.id, "attributes.from");
  columns.get(key, "attributes.session", keyFor(referring));
  columns.get(name, "attributes.name", ATTRIBUTE_NAME);
  return described(columns.get(value, "attributes.value", ATTRIBUTE_VALUE));
}

function described(
  facts: ColumnFacts,
): Pick<ResolvedStore["columns"][number], "kind" | "type" | "isLong"> {
  const kind = kindOf(facts);
  if (kind === null) throw new TypeError(`a column of type ${facts.type}`);
  return { kind, type: facts.type, isLong: isLong(facts) };
}

async function checkUnique(
  connections: Connections,
  store: NamedStore,
  { table, columns }: Opened,
): Promise<boolean> {
  const { id } = store.sessions;
  if (await isUnique(connections, table, id)) return true;
  // Rows of one id must be next to each other, and ids that differ may be equal under such a collation.
  if (columns.get(id, "sessions.id").isDeterministic) return false;
  throw schemaError(
    `column ${showColumn(table.name, id)} is not unique, and its collation takes different ids for equal`,
    "Give it a unique index, or read it through a view under another collation",
    configPath(store, "sessions.id"),
  );
}
