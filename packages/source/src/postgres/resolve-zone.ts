import { configPath, type NamedStore, ZONE_OF_SERVER } from "@rehome/core";
import type { Connections } from "./connections.js";
import { schemaError } from "./schema-error.js";

/**
 * Zones with summer time whose names AT TIME ZONE takes for abbreviations, which have none: what the server prints in
 * such a zone would be read an hour off in summer.
 */
const ABBREVIATIONS = ["CET", "EET", "MET", "WET"];

/** A zone by the name the server has for it. Throws RehomeError `source-schema` for one it does not know. */
export async function resolveZone(
  connections: Connections,
  store: NamedStore,
  serverZone: string,
): Promise<string> {
  const zone = store.zone === ZONE_OF_SERVER ? serverZone : store.zone;
  if (ABBREVIATIONS.includes(zone.toUpperCase())) {
    throw schemaError(
      `${zone} is an abbreviation to PostgreSQL, without summer time, where a time is converted`,
      "Name a place that keeps that time as the store's zone, such as Europe/Berlin",
      configPath(store, "zone"),
    );
  }
  if (store.zone === ZONE_OF_SERVER) return serverZone;
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
