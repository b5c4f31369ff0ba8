import { configPath, type NamedStore, ZONE_OF_SERVER } from "@rehome/core";
import type { Connections } from "./connections.js";
import { schemaError } from "./schema-error.js";

/** A zone by the name the server has for it. Throws RehomeError `source-schema` for one it does not know. */
export async function resolveZone(
  connections: Connections,
  store: NamedStore,
  serverZone: string,
): Promise<string> {
  const { zone } = store;
  if (zone === ZONE_OF_SERVER) return serverZone;
  const [known] = await connections.query<{ name: string }>(
    "SELECT name FROM pg_timezone_names WHERE lower(name) = lower($1) LIMIT 1",
    [zone],
  );
  if (known !== undefined) return known.name;
  throw schemaError(
    `the server knows no zone ${JSON.stringify(zone)}`,
    "Name one such as Europe/Berlin, UTC or server",
    configPath(store, "zone"),
  );
}
