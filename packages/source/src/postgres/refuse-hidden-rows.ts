import { printable, RehomeError, showTable } from "@rehome/core";
import type { Connections } from "./connections.js";
import { quoteColumn, quoteTable } from "./expressions.js";
import type { Resolved } from "./resolve-store.js";

/**
 * Throws RehomeError `source-RLS` (exit 2) for the first table that this user may not see whole. Asked of the server by
 * a statement that reads nothing, since a view may hide what it reads from.
 */
export async function refuseHiddenRows(
  connections: Connections,
  { tables }: Resolved,
): Promise<void> {
  for (const { name, key } of tables) {
    const read = `SELECT ${quoteColumn("t", key)} FROM ${quoteTable(name)} t LIMIT 0`;
    await connections.query(read).catch((error: unknown) => {
      throw isHidden(error) ? refusal(error, printable(showTable(name))) : error;
    });
  }
}

function isHidden(error: unknown): error is RehomeError {
  return error instanceof RehomeError && error.meaning === "rows-hidden";
}

function refusal({ code, hint }: RehomeError, table: string): RehomeError {
  return new RehomeError(
    code,
    `source: row-level security may hide rows of ${table} from the user`,
    {
      ...(hint === null ? {} : { hint }),
      exitCode: 2,
      meaning: "rows-hidden",
    },
  );
}
