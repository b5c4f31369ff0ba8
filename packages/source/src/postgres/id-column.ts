import { columnOf, type ResolvedStore } from "@rehome/core";
import { idAsText, quoteColumn, quoteTable } from "./expressions.js";

/** What every statement on the ids of a store's sessions is made of. */
export interface IdColumn {
  /** `FROM` this, under the alias s. */
  readonly from: string;
  /** To compare and to order by. */
  readonly sql: string;
  /** To select as text. */
  readonly text: string;
}

export function idColumnOf(store: ResolvedStore): IdColumn {
  const { table, id } = store.sessions;
  const sql = quoteColumn("s", id);
  return {
    from: `${quoteTable(table)} s`,
    sql,
    text: idAsText(sql, columnOf(store, 0, id)),
  };
}
