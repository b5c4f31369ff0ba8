import type { ResolvedStore } from "@rehome/core";
import type { Survey } from "../source.js";
import type { Connections } from "./connections.js";
import { hasExpired, quoteColumn, quoteTable } from "./expressions.js";
import { idColumnOf } from "./id-column.js";
import { hasCollation } from "./types.js";

/** More names are of no use to a reader. */
const MAX_NAMES = 50;

/** Counts for a dry run, by the server's own clock. Reads every table once. */
export async function survey(
  connections: Connections,
  store: ResolvedStore,
  { colliding }: { readonly colliding: readonly string[] },
): Promise<Survey> {
  const { from, sql: id } = idColumnOf(store);
  const [sessions] = await connections.query<{ total: string; expired: string }>(
    `SELECT count(*) AS total, count(*) FILTER (WHERE ${hasExpired(store, "s")}) AS expired FROM ${from} WHERE ${id} IS NOT NULL`,
  );
  return {
    total: Number(sessions?.total),
    expired: Number(sessions?.expired),
    lookups: await Promise.all(
      store.lookups.map(async ({ table, key, from: reference }, i) => {
        // Equal means equal bytes; two columns may have collations between which the server does not choose.
        const collation = hasCollation(store.lookupKeys[i] as string) ? ' COLLATE "C"' : "";
        const [row] = await connections.query<{ missing: string }>(
          `SELECT count(*) AS missing FROM ${from} WHERE ${id} IS NOT NULL AND NOT EXISTS (
             SELECT FROM ${quoteTable(table)} l WHERE ${quoteColumn("l", key)} = ${quoteColumn("s", reference)}${collation})`,
        );
        return { table, missing: Number(row?.missing) };
      }),
    ),
    ...(await surveyAttributes(connections, store, colliding)),
  };
}

async function surveyAttributes(
  connections: Connections,
  { attributes }: ResolvedStore,
  colliding: readonly string[],
): Promise<Pick<Survey, "attributes" | "collidingSessions">> {
  if (attributes === null) return { attributes: [], collidingSessions: 0 };
  const table = `${quoteTable(attributes.table)} d`;
  const [name, session] = [quoteColumn("d", attributes.name), quoteColumn("d", attributes.session)];
  const names = await connections.query<{ name: string; sessions: string }>(
    `SELECT ${name} AS name, count(*) AS sessions FROM ${table} WHERE ${name} IS NOT NULL
      GROUP BY ${name} ORDER BY count(*) DESC, ${name} LIMIT ${MAX_NAMES}`,
  );
  const [collisions] = await connections.query<{ sessions: string }>(
    `SELECT count(DISTINCT ${session}) AS sessions FROM ${table} WHERE ${name}::text = ANY ($1)`,
    [colliding],
  );
  return {
    attributes: names.map((row) => ({ name: row.name, sessions: Number(row.sessions) })),
    collidingSessions: Number(collisions?.sessions),
  };
}
