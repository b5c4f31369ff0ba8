import type { Connections } from "./connections.js";
import { type AttributeLookup, quoteCollation } from "./statement.js";

interface Row {
  readonly same: boolean;
  readonly deterministic: boolean;
  readonly schema: string;
  readonly name: string;
  readonly dataSchema: string;
  readonly dataName: string;
}

const found = new WeakMap<Connections, Promise<AttributeLookup>>();

/**
 * Attributes are read by the range of their own session ids where these sort and compare as the sessions' do,
 * byte for byte. Under another collation, or one for which different bytes may be equal, the server joins them
 * to their session. Asked of the catalog once.
 */
export async function findAttributeLookup(connections: Connections): Promise<AttributeLookup> {
  const known = found.get(connections);
  if (known !== undefined) return await known;
  const asked = ask(connections);
  found.set(connections, asked);
  return await asked.catch((error: unknown) => {
    found.delete(connections);
    throw error;
  });
}

async function ask(connections: Connections): Promise<AttributeLookup> {
  const [row] = await connections.query<Row>(`
    SELECT s.attcollation = d.attcollation AS same, c.collisdeterministic AS deterministic,
           n.nspname AS schema, c.collname AS name, dn.nspname AS "dataSchema", dc.collname AS "dataName"
      FROM pg_attribute s
      JOIN pg_attribute d ON d.attrelid = to_regclass('session_data') AND d.attname = 'session_id'
      JOIN pg_collation c ON c.oid = s.attcollation
      JOIN pg_namespace n ON n.oid = c.collnamespace
      JOIN pg_collation dc ON dc.oid = d.attcollation
      JOIN pg_namespace dn ON dn.oid = dc.collnamespace
     WHERE s.attrelid = to_regclass('user_sessions') AND s.attname = 'session_id'`);
  if (row === undefined || (row.same && row.deterministic)) return { kind: "range" };
  if (!row.deterministic) {
    // A foreign key compares as the key it refers to does.
    const own = quoteCollation(row.schema, row.name);
    return { kind: "join", on: `d.session_id = s.session_id COLLATE ${own}` };
  }
  // Equal means equal bytes; looked up in the attributes' collation, since that is their index's.
  const theirs = quoteCollation(row.dataSchema, row.dataName);
  return {
    kind: "join",
    on: `d.session_id = s.session_id COLLATE ${theirs} AND d.session_id COLLATE "C" = s.session_id COLLATE "C"`,
  };
}
