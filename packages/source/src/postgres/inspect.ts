import { RehomeError } from "@rehome/core";
import type { SourceFacts } from "../source.js";
import type { Connections } from "./connections.js";

const TEXT = "a type of text";
/** Not char(n), whose padding is no part of an id, nor citext, which ignores case without a collation. */
const ID = "character varying or text";
/** Users are matched by the text of their ids, so equal ids must have the same: not numeric, whose 5 is 5.0. */
const USER_ID =
  "a whole number, uuid, character varying or text whose equality is that of its bytes";
const USER_ID_TYPES = ["smallint", "integer", "bigint", "uuid", "character varying", "text"];

/** Every column that is read, and the type it must have where its binary form is what is read. */
const COLUMNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  users: { user_id: USER_ID, username: TEXT, email: TEXT },
  user_sessions: {
    session_id: ID,
    user_id: USER_ID,
    ip_address: TEXT,
    user_agent: TEXT,
    created_at: "timestamp without time zone",
    expires_at: "timestamp without time zone",
    last_activity_at: "timestamp without time zone",
  },
  session_data: { session_id: ID, attribute_key: TEXT, attribute_value: TEXT },
  user_preferences: {
    user_id: USER_ID,
    theme: TEXT,
    language: TEXT,
    notifications_enabled: "boolean",
  },
};

interface ColumnFacts {
  readonly name: string;
  /** Of a domain, the type beneath it. */
  readonly type: string;
  readonly category: string;
  /** False under a collation for which different bytes may be equal. */
  readonly deterministic: boolean;
  readonly readable: boolean;
}

interface Server {
  readonly database: string;
  readonly encoding: string;
  readonly zone: string;
  readonly version: string;
}

export async function inspect(connections: Connections): Promise<SourceFacts> {
  const [server] = await connections.query<Server & Record<string, string>>(
    `SELECT current_database() AS database, current_setting('server_encoding') AS encoding,
            current_setting('TimeZone') AS zone, current_setting('server_version') AS version`,
  );
  if (server === undefined)
    throw schemaError("the server says nothing of itself", "Check SOURCE_URL");
  if (server.encoding === "SQL_ASCII") {
    throw schemaError(
      "the database has the encoding SQL_ASCII, so its text may be anything",
      "Move it to a database of encoding UTF8 first",
    );
  }
  for (const table of Object.keys(COLUMNS)) await inspectTable(connections, table);
  return {
    identity: await identify(connections, server.database),
    timeZone: server.zone,
    version: server.version,
    warnings: await readWarnings(connections),
  };
}

async function inspectTable(connections: Connections, table: string): Promise<void> {
  const rows = await connections.query<ColumnFacts>(
    `SELECT attname AS name, format_type(t.oid, NULL) AS type, t.typcategory AS category,
            coalesce((SELECT collisdeterministic FROM pg_collation c WHERE c.oid = attcollation), true) AS deterministic,
            has_column_privilege(attrelid, attnum, 'SELECT') AS readable
       FROM pg_attribute
       JOIN pg_type declared ON declared.oid = atttypid
       JOIN pg_type t ON t.oid = coalesce(nullif(declared.typbasetype, 0), declared.oid)
      WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
  if (rows.length === 0) {
    throw schemaError(
      `table ${table} is missing`,
      "Check the database in SOURCE_URL and its search_path",
    );
  }
  const columns = new Map(rows.map((row) => [row.name, row]));
  for (const [name, type] of Object.entries(COLUMNS[table] ?? {})) {
    const column = columns.get(name);
    if (column === undefined) {
      throw schemaError(
        `column ${table}.${name} is missing`,
        "Compare the table with the reference schema",
      );
    }
    if (!isOfType(column, type)) {
      throw schemaError(
        `column ${table}.${name} is of type ${column.type}, and it must be ${type}`,
        "Compare the table with the reference schema",
      );
    }
    if (!column.readable) {
      throw schemaError(
        `${table}.${name} may not be read`,
        `As its owner run: GRANT SELECT ON ${table} TO the user of SOURCE_URL`,
      );
    }
  }
}

function isOfType({ type, category, deterministic }: ColumnFacts, needed: string): boolean {
  if (needed === USER_ID) return USER_ID_TYPES.includes(type) && deterministic;
  if (needed === TEXT) return category === "S";
  if (needed === ID) return type === "character varying" || type === "text";
  return type === needed;
}

/** What does not keep a run from reading, but makes it slow or blind. */
async function readWarnings(connections: Connections): Promise<string[]> {
  const rows = await connections.query<{ table: string; filtered: boolean; column: string | null }>(
    `SELECT k.name AS table, row_security_active(c.oid) AS filtered,
            CASE WHEN c.relkind IN ('r', 'p') AND NOT EXISTS (
              SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
               WHERE i.indrelid = c.oid AND a.attname = k.key AND i.indisvalid AND i.indpred IS NULL
            ) THEN k.key END AS column
       FROM (VALUES ('users', 'user_id'), ('user_sessions', 'session_id'), ('session_data', 'session_id'),
                    ('user_preferences', 'user_id')) AS k (name, key)
       JOIN pg_class c ON c.oid = to_regclass(k.name)`,
  );
  return rows.flatMap(({ table, filtered, column }) => [
    ...(filtered ? [`row-level security may hide rows of ${table} from this user`] : []),
    ...(column === null
      ? []
      : [`${table}.${column} has no index: each chunk reads the whole table`]),
  ]);
}

/** The cluster's own number where it may be read, which a replica shares; the database and the table in any case. */
async function identify(connections: Connections, database: string): Promise<string> {
  const [table] = await connections.query<{ oid: string }>(
    "SELECT to_regclass('user_sessions')::oid::text AS oid",
  );
  const [cluster] = await connections
    .query<{ id: string }>("SELECT system_identifier::text AS id FROM pg_control_system()")
    .catch((error: unknown) => {
      if (error instanceof RehomeError && error.code === "source-42501") return [{ id: "" }];
      throw error;
    });
  return [cluster?.id, database, table?.oid].join("/");
}

function schemaError(what: string, hint: string): RehomeError {
  return new RehomeError("source-schema", `source: ${what}`, { hint });
}
