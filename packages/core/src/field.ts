import { makeConvert } from "./codec.js";
import type { Store } from "./store-shape.js";

/** A field of a hash or a JSON object. */
export interface Field {
  readonly name: string;
  readonly column: string;
  readonly codec: Store["sessions"]["fields"][string]["codec"];
  /** The table its column is of: 0 is the sessions' own, n the n-th lookup's. */
  readonly table: number;
  /** Where it stands in the description. */
  readonly path: readonly (string | number)[];
}

/** What a store's fields depend on. */
export type FieldsOf = Pick<Store, "sessions" | "lookups" | "order">;

/** The fields of a store in the order in which they are written, attributes aside. */
export function fieldsOf({ sessions, lookups, order }: FieldsOf): Field[] {
  const fields = [
    ...fieldsOfTable(sessions.fields, 0, ["sessions"]),
    ...lookups.flatMap((lookup, i) => fieldsOfTable(lookup.fields, i + 1, ["lookups", i])),
  ];
  const place = new Map(order.map((name, at) => [name, at]));
  const placeOf = ({ name }: Field) => place.get(name) ?? place.size;
  return fields.toSorted((one, other) => placeOf(one) - placeOf(other));
}

function fieldsOfTable(
  fields: Store["sessions"]["fields"],
  table: number,
  path: Field["path"],
): Field[] {
  return Object.entries(fields).map(([name, { column, codec }]) => ({
    name,
    column,
    codec,
    table,
    path: [...path, "fields", name],
  }));
}

/** The field of the target that `newer` compares; null where it compares the expiry. */
export function recencyField(store: FieldsOf): Field | null {
  const field = fieldsOf(store).find(
    ({ table, column, codec }) =>
      table === 0 && column === store.sessions.recency && makeConvert(codec) === null,
  );
  return field ?? null;
}
