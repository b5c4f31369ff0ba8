import pg from "pg";
import { createDatabase } from "../src/local-services/index.js";
import { runProgram } from "../src/programs.js";

/** A database with the reference schema, empty, from which others are copied: to seed each would take a process more. */
export const FURNISHED = "furnished";

/** Makes it on a server. */
export async function furnish(postgresUrl: string): Promise<void> {
  const url = await createDatabase(new URL("/", postgresUrl).href, FURNISHED);
  const { code, stderr } = await runProgram("rehome", ["seed", "--users", "1", "--sessions", "0"], {
    SOURCE_URL: url,
  });
  if (code !== 0) throw new Error(`rehome seed exited with ${code}: ${stderr}`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("TRUNCATE users CASCADE");
  // Nobody may be connected to what is copied.
  await client.end();
}
