import { z } from "zod";
import { makeConvert } from "./codec.js";
import { fieldsOf } from "./field.js";
import { type Store, storeShape } from "./store-shape.js";

/** What a column holds, whatever its type is called: see the source's adapters. */
const KINDS = ["text", "number", "time", "flag", "bytes", "json"] as const;
export type Kind = (typeof KINDS)[number];

/** What a column is read for. */
const ROLES = [
  "id",
  "expiry",
  "recency",
  "field",
  "value",
  /** Its bytes are decoded by a codec: it holds no time and no flag, and nor does a `value`. */
  "decoded",
  /** Refers to a lookup or to attributes. */
  "reference",
] as const;
export type ColumnRole = (typeof ROLES)[number];

/** A column that is read of each session. */
export interface ColumnUse {
  /** 0 is the sessions' own table, n the n-th lookup's. */
  readonly table: number;
  readonly name: string;
  readonly roles: readonly ColumnRole[];
  /** Where the description names it first, as `sessions.id`. */
  readonly path: string;
}

/** What a store reads of each session, attributes aside; the id comes first. */
export function columnsOf(store: Omit<Store, "zone" | "keyPrefix">): ColumnUse[] {
  const uses = new Map<string, ColumnUse & { readonly roles: ColumnRole[] }>();
  const use = (table: number, name: string | null | undefined, role: ColumnRole, path: string) => {
    if (name === null || name === undefined) return;
    const key = `${table} ${name}`;
    const found = uses.get(key) ?? { table, name, roles: [], path };
    uses.set(key, found);
    if (!found.roles.includes(role)) found.roles.push(role);
  };
  const { sessions, lookups, attributes, value } = store;
  use(0, sessions.id, "id", "sessions.id");
  use(0, sessions.expires.column, "expiry", "sessions.expires");
  use(0, sessions.expires.since?.column, "expiry", "sessions.expires.since");
  use(0, sessions.recency, "recency", "sessions.recency");
  for (const [i, { from }] of lookups.entries()) use(0, from, "reference", `lookups[${i}].from`);
  use(0, attributes?.from, "reference", "attributes.from");
  for (const { table, column, codec, path } of fieldsOf(store)) {
    const at = z.core.toDotPath([...path]);
    use(table, column, "field", at);
    if (makeConvert(codec) !== null) use(table, column, "decoded", at);
  }
  if (value.form === "string") use(0, value.string, "value", "value.string");
  return [...uses.values()];
}

/** As the source's catalogue describes it. */
const columnSchema = z.object({
  table: z.int().nonnegative(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  kind: z.enum(KINDS),
  /** As the source calls it. */
  type: z.string(),
  /** Its type sets no limit to its length, or a high one. */
  isLong: z.boolean(),
  /** Where it lies in a batch among the columns of its like: times, or all others. */
  slot: z.int().nonnegative(),
});
export type Column = z.output<typeof columnSchema>;

/** Gives each column its place in a batch. */
export function placeColumns(
  columns: readonly (Omit<Column, "slot" | "roles"> & { readonly roles: readonly ColumnRole[] })[],
): Column[] {
  let [times, texts] = [0, 0];
  return columns.map((column) => ({
    ...column,
    roles: [...column.roles],
    slot: column.kind === "time" ? times++ : texts++,
  }));
}

/**
 * A store as one source holds it: tables with their schemas, columns with their kinds, the zone by its name. Frozen into
 * a run when it starts, so that all workers read alike.
 */
const schema = z.object({
  /** A preset's, or `custom`. */
  name: z.string(),
  ...storeShape,
  columns: z.array(columnSchema),
  /** The values of the attributes; null where there are none. */
  attributeValue: columnSchema.pick({ kind: true, type: true, isLong: true }).nullable(),
  /** The keys of the lookups, by their types. */
  lookupKeys: z.array(z.string()),
  /** Whether a constraint of the source keeps two rows from having one id. */
  isUnique: z.boolean(),
});
export type ResolvedStore = z.output<typeof schema>;
export const resolvedStoreSchema: z.ZodType<ResolvedStore> = schema;

/** The column of a table, 0 being the sessions' own. Throws TypeError where the store does not read it. */
export function columnOf(
  { columns }: Pick<ResolvedStore, "columns">,
  table: number,
  name: string,
): Column {
  const found = columns.find((column) => column.table === table && column.name === name);
  if (found === undefined) throw new TypeError(`the store reads no column ${name}`);
  return found;
}

/** Every table a store reads: the sessions', the lookups' in their order, the attributes'. */
export function tablesOf(
  store: Pick<ResolvedStore, "sessions" | "lookups" | "attributes">,
): { readonly table: string; readonly path: string }[] {
  const { sessions, lookups, attributes } = store;
  return [
    { table: sessions.table, path: "sessions.table" },
    ...lookups.map(({ table }, i) => ({ table, path: `lookups[${i}].table` })),
    ...(attributes === null ? [] : [{ table: attributes.table, path: "attributes.table" }]),
  ];
}
