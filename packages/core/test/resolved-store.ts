import {
  columnsOf,
  defaultStore,
  type Kind,
  type NamedStore,
  placeColumns,
  type ResolvedStore,
  type StoreDescription,
  storeSchema,
} from "../src/index.js";

/** What each column holds that does not hold text. A lookup's begins with its number: `1.username`. */
export type Kinds = Readonly<Record<string, Kind>>;

/** As a source would resolve it in which every column is of the kind given. */
export function resolve(
  store: NamedStore,
  kinds: Kinds = {},
  more: Partial<ResolvedStore> = {},
): ResolvedStore {
  const columns = columnsOf(store).map(({ table, name, roles }) => {
    const kind = kinds[cellName(table, name)] ?? "text";
    return { table, name, roles, kind, type: kind, isLong: false };
  });
  return {
    ...store,
    columns: placeColumns(columns),
    attributeValue: store.attributes === null ? null : { kind: "text", type: "text", isLong: true },
    lookupKeys: store.lookups.map(() => "text"),
    isUnique: true,
    ...more,
  };
}

/** The same of a description. */
export function resolveDescription(
  description: StoreDescription,
  kinds: Kinds = {},
  more: Partial<ResolvedStore> = {},
): ResolvedStore {
  return resolve({ name: "custom", ...storeSchema.parse(description) }, kinds, more);
}

/** What a column is called in `Kinds`, and in a row. */
export function cellName(table: number, name: string): string {
  return table === 0 ? name : `${table}.${name}`;
}

export const referenceStore = resolve(defaultStore, {
  user_id: "number",
  created_at: "time",
  last_activity_at: "time",
  expires_at: "time",
  "2.notifications_enabled": "flag",
});
