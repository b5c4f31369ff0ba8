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
  else note(`wrote ${file}; see what it comes to with: rehome config`);
  if (proposal === undefined) {
    if (catalogue !== null)
      note("the database holds nothing that looks like sessions: it is an example");
    return 0;
  }
  noteStore(proposal, format);
  if (others.length > 0) note(`found as well: ${listStores(others)}`);
  return 0;
}

/** What to do next, and what the operator alone can say. JSON has no comments to say it in. */
function noteStore({ name, table, toFillIn, config, aboutEntry }: StoreProposal, format: Format) {
  note(
    name === CUSTOM_STORE
      ? `table ${printable(table)} looks like sessions of a store without a preset: complete what was guessed of it`
      : `found ${name} in table ${printable(table)}`,
  );
  for (const { path, what } of toFillIn) note(`fill in store.${path}: ${what}`);
  if (format === "json" && "zone" in config)
    note(`check store.zone: ${printable((aboutEntry.get("zone") ?? []).join(" "))}`);
  if (toFillIn.length === 0) note("see what a run would do with: rehome plan");
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

/** With two config files in one directory, neither would be read. */
function refuseSecond(file: string): void {
  if (!CONFIG_FILES.some((name) => name === file)) return;
  const other = CONFIG_FILES.find((name) => name !== file && existsSync(name));
  if (other === undefined) return;
  throw new RehomeError("file-exists", `${other} exists, and two config files are refused`, {
    hint: `Remove it, or write its own format with: rehome init --force --format ${other.split(".").at(-1)}`,
  });
}
