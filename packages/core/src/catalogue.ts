import type { Kind } from "./column.js";
import { formatTableName } from "./table-name.js";

/** A table or view, as the source's catalogue lists it. */
export interface CatalogueTable {
  readonly schema: string;
  readonly table: string;
  /** Its name alone would not find it, or not it alone. */
  readonly needsSchema: boolean;
  readonly columns: readonly CatalogueColumn[];
}

export interface CatalogueColumn {
  readonly name: string;
  /** As the server calls it. */
  readonly type: string;
  /** Null where it is of a type that cannot be carried. */
  readonly kind: Kind | null;
  /** A constraint keeps two rows from having one value. */
  readonly isUnique: boolean;
}

/** `[schema.]table`, as short as the tables allow: all of them are named alike, since they stand next to each other. */
export function shortName(table: CatalogueTable, neighbours: readonly CatalogueTable[]): string {
  const needsSchema = [table, ...neighbours].some((one) => one.needsSchema);
  return formatTableName({ schema: needsSchema ? table.schema : null, table: table.table });
}

/** What a time of this column means depends on the store's zone. */
export function isZoneless({ kind, type }: Pick<CatalogueColumn, "kind" | "type">): boolean {
  return kind === "time" && !/with time zone/.test(type);
}
