import { PRESETS } from "@rehome/core";
import { readCatalogue } from "../connections.js";
import { formatFound, formatPresets } from "../format-stores.js";
import { note, print, printJson } from "../output.js";
import { proposeStores } from "../propose-stores.js";

/** An entry of `stores --json`. */
export interface ShownPreset {
  readonly name: string;
  readonly source: string;
  readonly target: string;
  /** Whether the source seems to hold it; null where there is none to look at. */
  readonly detected: boolean | null;
}

/** Lists the presets and, with SOURCE_URL, which of them the source seems to hold. Reads only its catalogue. */
export async function stores(options: { json?: boolean }): Promise<number> {
  const catalogue = await readCatalogue();
  const found = catalogue === null ? null : proposeStores(catalogue);
  const shown = PRESETS.map(({ name, source, target }): ShownPreset => ({
    name,
    source,
    target,
    detected: found === null ? null : found.some((one) => one.name === name),
  }));
  if (options.json) {
    printJson(shown);
    return 0;
  }
  print(formatPresets(shown));
  if (found === null) note("set SOURCE_URL to see which of them your database seems to hold");
  else {
    print(`\n${formatFound(found)}`);
    if (found.length > 0) note("write a config for it with: rehome init");
  }
  return 0;
}
