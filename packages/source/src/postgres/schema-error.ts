import { printable, RehomeError } from "@rehome/core";

/** The source does not fit the store: the command line ends with 2. `path` is where the config says so. */
export function schemaError(what: string, hint: string, path?: string): RehomeError {
  const where = path === undefined ? "" : ` (${path})`;
  const message = printable(`source: ${what}${where}`);
  return new RehomeError("source-schema", message, { hint: printable(hint), exitCode: 2 });
}
