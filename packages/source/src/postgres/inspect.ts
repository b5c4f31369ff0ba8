import { RehomeError } from "@rehome/core";
import type { SourceFacts } from "../source.js";
import type { Connections } from "./connections.js";

/** Every column that is read, and the type it must have where its binary form is what is read. */
const COLUMNS: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  users: { user_id: null, username: null, email: null },
  user_sessions: {
    session_id: null,
    user_id: null,
    ip_address: null,
    user_agent: null,
    created_at: "timestamp without time zone",
    expires_at: "timestamp without time zone",
    last_activity_at: "timestamp without time zone",
  },
  session_data: { session_id: null, attribute_key: null, attribute_value: null },
  user_preferences: {
    user_id: null,
    theme: null,
    language: null,
    notifications_enabled: "boolean",
  },
};

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
    warnings: [],
  };
}

async function inspectTable(connections: Connections, table: string): Promise<void> {
  const rows = await connections.query<{ name: string; type: string; readable: boolean }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type,
            has_column_privilege(attrelid, attnum, 'SELECT') AS readable
       FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
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
    if (type !== null && column.type !== type) {
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
