import { type ResolvedStore } from "@rehome/core";
import { escapeIdentifier } from "pg";
import type { Connections } from "./connections.js";
import { quoteColumn, quoteTable } from "./expressions.js";
import type { AttributeLookup } from "./statement.js";

interface Row {
  readonly same: boolean;
  readonly deterministic: boolean;
  readonly schema: string;
  readonly name: string;
  readonly dataSchema: string;
  readonly dataName: string;
}

/**
 * Attributes are read by the range of their own session ids where these sort and compare as the sessions' do,
 * byte for byte. Under another collation, one for which different bytes may be equal, or where they refer to another
 * column than the id, the server joins them to their session.
 */
export async function findAttributeLookup(
  connections: Connections,
  store: ResolvedStore,
): Promise<AttributeLookup> {
  const { sessions, attributes } = store;
  if (attributes === null) return { on: "true", isRange: true };
  const from = quoteColumn("s", attributes.from ?? sessions.id);
  const session = quoteColumn("d", attributes.session);
  const collations = await readCollations(connections, store, attributes);
  if (collations === undefined || (collations.same && collations.deterministic)) {
    // Types without a collation compare alike everywhere.
    return { on: `${session} = ${from}`, isRange: attributes.from === null };
  }
  if (!collations.deterministic) {
    // A foreign key compares as the key it refers to does.
    const own = quoteCollation(collations.schema, collations.name);
    return { on: `${session} = ${from} COLLATE ${own}`, isRange: false };
  }
  // Equal means equal bytes; looked up in the attributes' collation, since that is their index's.
  const theirs = quoteCollation(collations.dataSchema, collations.dataName);
  return {
    isRange: false,
    on: `${session} = ${from} COLLATE ${theirs} AND ${session} COLLATE "C" = ${from} COLLATE "C"`,
  };
}

async function readCollations(
  connections: Connections,
  { sessions }: ResolvedStore,
  attributes: NonNullable<ResolvedStore["attributes"]>,
): Promise<Row | undefined> {
  const [row] = await connections.query<Row>(
    `SELECT s.attcollation = d.attcollation AS same, c.collisdeterministic AS deterministic,
            n.nspname AS schema, c.collname AS name, dn.nspname AS "dataSchema", dc.collname AS "dataName"
       FROM pg_attribute s
       JOIN pg_attribute d ON d.attrelid = to_regclass($3) AND d.attname = $4
       JOIN pg_collation c ON c.oid = s.attcollation
       JOIN pg_namespace n ON n.oid = c.collnamespace
       JOIN pg_collation dc ON dc.oid = d.attcollation
       JOIN pg_namespace dn ON dn.oid = dc.collnamespace
      WHERE s.attrelid = to_regclass($1) AND s.attname = $2`,
    [
      quoteTable(sessions.table),
      attributes.from ?? sessions.id,
      quoteTable(attributes.table),
      attributes.session,
    ],
  );
  return row;
}

function quoteCollation(schema: string, name: string): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}
