import type { PresetOptions } from "./stores/preset.js";
import type { NamedStore } from "./store.js";

/** The name of a store that is no preset. */
export const CUSTOM_STORE = "custom";

/** Where a preset's description takes its options. */
const OPTION_AT: ReadonlyMap<string, keyof PresetOptions> = new Map([
  ["sessions.table", "table"],
  ["keyPrefix", "keyPrefix"],
  ["zone", "zone"],
]);

/** Where the config says what a store's description says at `path`: of a preset only its options stand there. */
export function configPath({ name }: Pick<NamedStore, "name">, path: string): string {
  if (name === CUSTOM_STORE) return `store.${path}`;
  const option = OPTION_AT.get(path);
  return option === undefined ? "store" : `store.${option}`;
}
