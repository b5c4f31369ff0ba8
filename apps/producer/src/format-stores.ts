import { CUSTOM_STORE, PRESETS, printable } from "@rehome/core";
import colors from "picocolors";
import type { ShownPreset } from "./commands/stores.js";
import type { StoreProposal } from "./store-proposal.js";

const NAME_WIDTH = Math.max(...PRESETS.map(({ name }) => name.length));

/** Two lines for each preset: what writes the sessions, and what reads them. */
export function formatPresets(presets: readonly ShownPreset[]): string {
  return presets
    .flatMap(({ name, source, target, detected }) => [
      `${detected === true ? colors.green("✓") : " "} ${colors.bold(name.padEnd(NAME_WIDTH))}  ${source}`,
      `${" ".repeat(NAME_WIDTH + 4)}→ ${target}`,
    ])
    .join("\n");
}

/** What the database seems to hold, the likeliest first, and what the operator must add. */
export function formatFound(found: readonly StoreProposal[]): string {
  if (found.length === 0) return "The database holds nothing that looks like sessions.";
  return [
    colors.bold("The database seems to hold"),
    ...found.flatMap(({ name, table, toFillIn }) => [
      `  ${(name === CUSTOM_STORE ? "another store" : name).padEnd(NAME_WIDTH)}  table ${printable(table)}`,
      ...toFillIn.map(({ path, what }) => `${" ".repeat(NAME_WIDTH + 4)}needs ${path}: ${what}`),
    ]),
  ].join("\n");
}
