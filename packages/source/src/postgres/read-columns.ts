import type { Connections } from "./connections.js";
import { quoteTable, showColumn } from "./expressions.js";
import type { FoundTable } from "./find-table.js";
import type { Need } from "./needs.js";
import { schemaError } from "./schema-error.js";
import { type ColumnFacts, TYPE_OF_COLUMN } from "./types.js";

/** Where the config says what a store's description says at a path. */
type Place = (path: string) => string;

/** The columns of a table, by their names. */
export class TableColumns {
  readonly #table: string;
  readonly #columns: ReadonlyMap<string, ColumnFacts>;
  readonly #place: Place;

  private constructor(table: string, columns: readonly ColumnFacts[], place: Place) {
    this.#table = table;
    this.#columns = new Map(columns.map((column) => [column.name, column]));
    this.#place = place;
  }

  static async read(
    connections: Connections,
    table: FoundTable,
    place: Place,
  ): Promise<TableColumns> {
    const columns = await connections.query<ColumnFacts & Record<string, unknown>>(
      `SELECT attname AS name, t.type, t.category, t.typtype, t.modifier,
              coalesce((SELECT collisdeterministic FROM pg_collation c WHERE c.oid = attcollation), true) AS "isDeterministic",
              has_column_privilege(attrelid, attnum, 'SELECT') AS "isReadable"
         FROM pg_attribute a ${TYPE_OF_COLUMN}
        WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [table.oid],
    );
    return new TableColumns(table.name, columns, place);
  }

  /** A column that must be there, meet every need and may be read; `path` is where the store names it. Throws RehomeError. */
  get(name: string, path: string, ...needs: readonly Need[]): ColumnFacts {
    const shown = showColumn(this.#table, name);
    const column = this.#columns.get(name);
    if (column === undefined) {
      const names = [...this.#columns.keys()].join(", ");
      throw schemaError(`column ${shown} is missing`, `The table has ${names}`, this.#place(path));
    }
    const unmet = needs.find(({ isMetBy }) => !isMetBy(column));
    if (unmet !== undefined) {
      throw schemaError(
        `column ${shown} is of type ${column.type}, and it must be ${unmet.what}`,
        "Name another column, or read it through a view that casts it",
        this.#place(path),
      );
    }
    if (!column.isReadable) {
      throw schemaError(
        `column ${shown} may not be read`,
        `As its owner run: GRANT SELECT ON ${quoteTable(this.#table)} TO the user of SOURCE_URL`,
        this.#place(path),
      );
    }
    return column;
  }
}
