import { type CatalogueColumn, type CatalogueTable, isZoneless, shortName } from "./catalogue.js";
import {
  type Candidate,
  expiryRank,
  idRank,
  isRecencyName,
  looksUnlikeSessions,
  tableRank,
  valueRank,
} from "./session-words.js";
import type { Store } from "./store-shape.js";

type Expiry = Store["sessions"]["expires"];

/** What a table that no preset knows may hold of sessions, by the names and types of its columns. */
export interface GuessedStore {
  readonly table: string;
  readonly id: string;
  readonly expires: Pick<Expiry, "column" | "as">;
  /** That column says when the session was used last: only the operator knows the lifetime to be added. */
  readonly lacksLifetime: boolean;
  /** Null where the value is one column. */
  readonly recency: string | null;
  /** The column that is the whole value; null where it is a hash of `fields`. */
  readonly value: { readonly column: string; readonly codec: "text" | "bytes" } | null;
  readonly fields: readonly string[];
  /** Columns of types that cannot be carried, which are left out. */
  readonly omitted: readonly { readonly name: string; readonly type: string }[];
  /** The columns whose times have no zone of their own. */
  readonly zoneless: readonly string[];
}

interface Scored {
  readonly store: GuessedStore;
  readonly score: number;
}

/** The tables that look like sessions, the likeliest first; views among them. */
export function guessStores(catalogue: readonly CatalogueTable[]): GuessedStore[] {
  return catalogue
    .flatMap((table) => guess(table))
    .toSorted((one, other) => other.score - one.score)
    .map(({ store }) => store);
}

/** At most one. */
function guess(table: CatalogueTable): Scored[] {
  const named = tableRank(table.table);
  const id = guessId(table, named > 0);
  if (id === null || looksUnlikeSessions(table.table)) return [];
  const others = table.columns.filter((column) => column !== id.column);
  const expiry = best(others, expiryRank);
  const used = others.find((column) => isMoment(column) && isRecencyName(column.name));
  // Without an expiry, only what is called a session is likely to be one.
  const ends = expiry?.column ?? (named > 1 ? used : undefined);
  if (ends === undefined) return [];
  const value = best(others, valueRank);
  const rest = others.filter((column) => column !== ends || expiry === null);
  const fields = value === null ? rest.filter(isField) : [];
  const read = [ends, ...fields, ...(value === null ? [] : [value.column])];
  return [
    {
      score:
        2 * named +
        id.rank +
        Number(id.column.isUnique) +
        (expiry?.rank ?? 0) +
        Number(value !== null),
      store: {
        table: shortName(table, []),
        id: id.column.name,
        expires: { column: ends.name, as: formOf(ends) },
        lacksLifetime: expiry === null,
        recency: value === null && used !== undefined && isField(used) ? used.name : null,
        value: value && {
          column: value.column.name,
          codec: value.column.kind === "bytes" ? "bytes" : "text",
        },
        fields: fields.map(({ name }) => name),
        omitted: value === null ? rest.filter(({ kind }) => kind === null) : [],
        zoneless: read.filter(isZoneless).map(({ name }) => name),
      },
    },
  ];
}

/** No constraint of a view says what is unique; in a table one must. */
function guessId({ columns }: CatalogueTable, isNamed: boolean): Candidate | null {
  const isConstrained = columns.some(({ isUnique }) => isUnique);
  const found = best(columns, (column) => (isConstrained && !column.isUnique ? 0 : idRank(column)));
  // A column called just `id` tells nothing.
  return found !== null && (found.rank > 1 || isNamed) ? found : null;
}

/** The first of the highest rank above 0. */
function best(
  columns: readonly CatalogueColumn[],
  rankOf: (column: CatalogueColumn) => number,
): Candidate | null {
  return columns
    .map((column) => ({ column, rank: rankOf(column) }))
    .reduce<Candidate | null>((found, one) => (one.rank > (found?.rank ?? 0) ? one : found), null);
}

function isMoment({ kind }: CatalogueColumn): boolean {
  return kind === "time" || kind === "number";
}

/** `__proto__` cannot be the name of a field. */
function isField({ kind, name }: CatalogueColumn): boolean {
  return kind !== null && name !== "__proto__";
}

/** Seconds fit into an integer, milliseconds need a bigint. */
function formOf({ kind, name, type }: CatalogueColumn): Expiry["as"] {
  if (kind === "time") return "time";
  if (/_?(ms|milli\w*)$/i.test(name)) return "epoch-milliseconds";
  if (/_(s|secs?|seconds)$/i.test(name)) return "epoch-seconds";
  return type.startsWith("bigint") ? "epoch-milliseconds" : "epoch-seconds";
}
