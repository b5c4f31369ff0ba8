import { RehomeError } from "@rehome/core";

/** The source does not fit the store: the command line ends with 2. `path` is where the store says so. */
export function schemaError(what: string, hint: string, path?: string): RehomeError {
  const where = path === undefined ? "" : ` (store.${path})`;
  return new RehomeError("source-schema", `source: ${what}${where}`, { hint, exitCode: 2 });
}
