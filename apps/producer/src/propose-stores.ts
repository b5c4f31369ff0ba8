import { type CatalogueTable, detectStores, guessStores } from "@rehome/core";
import { proposeGuess, proposePreset, type StoreProposal } from "./store-proposal.js";

/** What a database seems to hold, the likeliest first: presets, then other tables that look like sessions. */
export function proposeStores(catalogue: readonly CatalogueTable[]): StoreProposal[] {
  const detected = detectStores(catalogue);
  const claimed = new Set(detected.flatMap(({ tables }) => tables));
  const others = catalogue.filter((table) => !claimed.has(table));
  return [...detected.map(proposePreset), ...guessStores(others).map(proposeGuess)];
}
