import { completeMapping, type Mapping, mappingSchema, type NamedStore } from "../src/index.js";

/** Unix milliseconds before any example session expires. */
export const NOW = Date.parse("2026-11-23T19:00:00.000Z");

/** The default mapping of a store, but for what the test says. */
export function mappingOf(
  store: Pick<NamedStore, "keyPrefix">,
  options: Partial<Mapping> = {},
): Mapping {
  return completeMapping(mappingSchema.parse(options), store);
}
