import { writeFile } from "node:fs/promises";
import { CONFIG_FILES, defaultConfig } from "@rehome/config";
import { CUSTOM_STORE, printable, RehomeError } from "@rehome/core";
import { existsSync } from "node:fs";
import { readCatalogue } from "../connections.js";
import { exampleConfig, type Format, FORMATS } from "../example-config.js";
import { listStores } from "../list-stores.js";
import { note, printJson } from "../output.js";
import { proposeStores } from "../propose-stores.js";
import type { StoreProposal } from "../store-proposal.js";

export interface InitOptions {
  format?: Format;
  force?: boolean;
  json?: boolean;
}

/**
 * Writes a config file to the path named, or to the current directory: for the store that the source seems to hold,
 * else an example.
 */
export async function init(named: string | undefined, options: InitOptions): Promise<number> {
  const format = options.format ?? FORMATS.find((end) => named?.endsWith(`.${end}`)) ?? "ts";
  const file = named ?? `rehome.config.${format}`;
  if (!file.endsWith(`.${format}`)) {
    throw new RehomeError("wrong-format", `${file} would not be read as ${format}`, {
      hint: `Name a file that ends in .${format}, or choose another --format`,
      exitCode: 2,
    });
  }
  refuseSecond(file);
  if (!options.force && existsSync(file)) throw fileExists(file);
  const catalogue = await readCatalogue();
  const proposals = proposeStores(catalogue ?? []);
  await write(file, exampleConfig(format, proposals), options.force ? "w" : "wx");

  const [proposal, ...others] = proposals;
  if (options.json) printJson({ file, store: proposal?.name ?? defaultConfig.store });
  else note(`wrote ${file}; show the resulting configuration with: rehome config`);
  if (proposal === undefined) {
    if (catalogue !== null)
      note("the database holds nothing that looks like sessions, so the file is an example");
    return 0;
  }
  noteStore(proposal, format);
  if (others.length > 0) note(`also found: ${listStores(others)}`);
  return 0;
}

/** What to do next, and what only the operator knows. A JSON file has no comments to hold it. */
function noteStore({ name, table, toFillIn, config, aboutEntry }: StoreProposal, format: Format) {
  note(
    name === CUSTOM_STORE
      ? `table ${printable(table)} seems to hold sessions of a store without a preset: check and complete the guess`
      : `found ${name} in table ${printable(table)}`,
  );
  for (const { path, what } of toFillIn) note(`fill in store.${path}: ${what}`);
  if (format === "json" && "zone" in config)
    note(`check store.zone: ${printable((aboutEntry.get("zone") ?? []).join(" "))}`);
  if (toFillIn.length === 0) note("preview a run with: rehome plan");
}

async function write(file: string, text: string, flag: "w" | "wx"): Promise<void> {
  try {
    await writeFile(file, text, { flag });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw fileExists(file);
    throw new RehomeError("cannot-write", `${file} cannot be written (${code})`);
  }
}

function fileExists(file: string): RehomeError {
  return new RehomeError("file-exists", `${file} exists`, {
    hint: "Replace it with: rehome init --force",
  });
}

/** Two config files in one directory are refused when they are read. */
function refuseSecond(file: string): void {
  if (!CONFIG_FILES.some((name) => name === file)) return;
  const other = CONFIG_FILES.find((name) => name !== file && existsSync(name));
  if (other === undefined) return;
  throw new RehomeError("file-exists", `${other} exists, and only one config file may`, {
    hint: `Remove it, or write its own format with: rehome init --force --format ${other.split(".").at(-1)}`,
  });
}
