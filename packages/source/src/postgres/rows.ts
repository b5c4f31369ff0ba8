import type { ResolvedStore, SessionId } from "@rehome/core";
import { quoteColumn, quoteTable } from "./expressions.js";
import { type Match, matchIds } from "./match.js";

/** Which rows of the sessions' table a statement reads. The alias of the table is s. */
export interface Rows {
  readonly from: string;
  readonly where: string;
}

/** Those whose id matches. */
export function rowsWhere(store: ResolvedStore, match: Match): Rows {
  const { table, id } = store.sessions;
  return { from: `${quoteTable(table)} s`, where: match(quoteColumn("s", id)) };
}

export function rowsOfIds(store: ResolvedStore, ids: readonly SessionId[]): Rows {
  return rowsWhere(store, matchIds(ids));
}
