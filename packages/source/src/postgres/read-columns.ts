import type { Connections } from "./connections.js";
import type { FoundTable } from "./find-table.js";
import { schemaError } from "./schema-error.js";
import type { ColumnFacts } from "./types.js";

/** The columns of a table, by their names. */
export class TableColumns {
  readonly #table: string;
  readonly #columns: ReadonlyMap<string, ColumnFacts>;

  private constructor(table: string, columns: readonly ColumnFacts[]) {
    this.#table = table;
    this.#columns = new Map(columns.map((column) => [column.name, column]));
  }

  static async read(connections: Connections, table: FoundTable): Promise<TableColumns> {
    const columns = await connections.query<ColumnFacts & Record<string, unknown>>(
      `SELECT attname AS name, format_type(t.oid, NULL) AS type, t.typcategory AS category, t.typtype,
              CASE WHEN declared.typtype = 'd' THEN declared.typtypmod ELSE atttypmod END AS modifier,
              coalesce((SELECT collisdeterministic FROM pg_collation c WHERE c.oid = attcollation), true) AS "isDeterministic",
              has_column_privilege(attrelid, attnum, 'SELECT') AS "isReadable"
         FROM pg_attribute
         JOIN pg_type declared ON declared.oid = atttypid
         JOIN pg_type t ON t.oid = coalesce(nullif(declared.typbasetype, 0), declared.oid)
        WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped`,
      [table.oid],
    );
    return new TableColumns(table.name, columns);
  }

  /**
   * A column that must be there, may be read, and is of a type that `fits`; `needed` says which. Throws RehomeError.
   */
  get(
    name: string,
    path: string,
    needed: string,
    fits: (column: ColumnFacts) => boolean,
  ): ColumnFacts {
    const shown = `${this.#table.slice(this.#table.indexOf(".") + 1)}.${name}`;
    const column = this.#columns.get(name);
    if (column === undefined) {
      const names = [...this.#columns.keys()].join(", ");
      throw schemaError(`column ${shown} is missing`, `The table has ${names}`, path);
    }
    if (!fits(column)) {
      throw schemaError(
        `column ${shown} is of type ${column.type}, and it must be ${needed}`,
        "Name another column, or read it through a view that casts it",
        path,
      );
    }
    if (!column.isReadable) {
      throw schemaError(
        `${shown} may not be read`,
        `As its owner run: GRANT SELECT ON ${this.#table} TO the user of SOURCE_URL`,
        path,
      );
    }
    return column;
  }
}
