import { applySection, type Section } from "@rehome/config";
import type { Command } from "commander";
import { loadConfig } from "./config.js";

/** The section from which a verb takes its options. Other verbs do not read the file. */
const SECTION_OF: ReadonlyMap<string, Section> = new Map([
  ["seed", "seed"],
  ["plan", "start"],
  ["start", "start"],
  ["verify", "verify"],
]);

/** Before a verb acts, sets the options that the config file gives, and the store and mapping where the verb needs them. */
export async function applyConfigFile(program: Command, verb: Command): Promise<void> {
  const section = SECTION_OF.get(verb.name());
  if (section === undefined) return;
  const config = await loadConfig(program.getOptionValue("config"));
  applySection(verb, config, section);
  if (section !== "start") return;
  verb.setOptionValueWithSource("store", config.store, "config");
  verb.setOptionValueWithSource("mapping", config.mapping, "config");
}
