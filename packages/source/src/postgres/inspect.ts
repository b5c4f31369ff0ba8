import { type NamedStore, RehomeError, type ResolvedStore, showTable } from "@rehome/core";
import type { SourceFacts } from "../source.js";
import type { Connections } from "./connections.js";
import { readDoubtfulTimes } from "./doubtful-times.js";
import { quoteTable } from "./expressions.js";
import { isUnique } from "./is-unique.js";
import { refuseHiddenRows } from "./refuse-hidden-rows.js";
import { type Resolved, resolveStore } from "./resolve-store.js";
import { schemaError } from "./schema-error.js";

interface Server {
  readonly encoding: string;
  readonly zone: string;
  readonly version: string;
}

export async function inspect(connections: Connections, store: NamedStore): Promise<SourceFacts> {
  const [server] = await connections.query<Server & Record<string, string>>(
    `SELECT current_setting('server_encoding') AS encoding, current_setting('TimeZone') AS zone,
            current_setting('server_version') AS version`,
  );
  if (server === undefined)
    throw schemaError("the server does not say what it is", "Check SOURCE_URL");
  if (server.encoding === "SQL_ASCII") {
    throw schemaError(
      "the database has the encoding SQL_ASCII, so its text may be anything",
      "Move it to a database of encoding UTF8 first",
    );
  }
  const resolved = await resolveStore(connections, store, server.zone);
  await refuseHiddenRows(connections, resolved);
  return {
    store: resolved.store,
    identity: await identify(connections, resolved.store),
    version: server.version,
    warnings: await readWarnings(connections, resolved),
  };
}

/** What does not keep a run from reading, but makes it slow. */
async function readWarnings(connections: Connections, resolved: Resolved): Promise<string[]> {
  const keys = resolved.tables.map(({ name, oid, key }) => ({
    name: showTable(name),
    oid,
    column: key,
  }));
  const rows = await connections.query<{ indexed: boolean }>(
    `SELECT c.relkind NOT IN ('r', 'p') OR EXISTS (
              SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
               WHERE i.indrelid = c.oid AND a.attname = k.name AND i.indisvalid AND i.indpred IS NULL
            ) AS indexed
       FROM unnest($1::oid[], $2::text[]) WITH ORDINALITY AS k (oid, name, place)
       JOIN pg_class c ON c.oid = k.oid ORDER BY k.place`,
    [keys.map(({ oid }) => oid), keys.map(({ column }) => column)],
  );
  return [
    ...rows.flatMap(({ indexed }, i) => {
      const { name, column } = keys[i] as (typeof keys)[number];
      return indexed ? [] : [`${name}.${column} has no index: each chunk reads the whole table`];
    }),
    ...(await readDoubts(connections, resolved)),
    ...(await readDoubtfulTimes(connections, resolved.store)),
  ];
}

/** What may turn up twice, and is rejected then. */
async function readDoubts(
  connections: Connections,
  { store, tables }: Resolved,
): Promise<string[]> {
  const doubts = store.isUnique
    ? []
    : [
        `nothing makes ${store.sessions.id} unique: sessions that share an id with another are rejected`,
      ];
  for (const table of tables.slice(1, 1 + store.lookups.length)) {
    if (await isUnique(connections, table, table.key)) continue;
    const key = `${showTable(table.name)}.${table.key}`;
    doubts.push(`nothing makes ${key} unique: sessions with several rows there are rejected`);
  }
  return doubts;
}

/** The cluster's own number where it may be read, which a replica shares; the database and the table in any case. */
export async function identify(connections: Connections, store: ResolvedStore): Promise<string> {
  const withCluster = "(SELECT system_identifier::text FROM pg_control_system())";
  return await readIdentity(connections, store, withCluster).catch((error: unknown) => {
    if (!(error instanceof RehomeError && error.code === "source-42501")) throw error;
    return readIdentity(connections, store, "''");
  });
}

/** `cluster`: SQL of its number. */
async function readIdentity(
  connections: Connections,
  store: ResolvedStore,
  cluster: string,
): Promise<string> {
  const [here] = await connections.query<Record<"cluster" | "database" | "oid", string | null>>(
    `SELECT ${cluster} AS cluster, current_database() AS database, to_regclass($1)::oid::text AS oid`,
    [quoteTable(store.sessions.table)],
  );
  return [here?.cluster, here?.database, here?.oid].join("/");
}
