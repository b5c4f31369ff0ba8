import type { Command } from "commander";
import { loadConfig } from "../config.js";
import { effectiveConfig } from "../effective-config.js";
import { formatConfig } from "../format.js";
import { print, printJson } from "../output.js";

/** `command` has the flags of every section of the config file. */
export async function config(command: Command): Promise<number> {
  const { config: named, json } = command.optsWithGlobals<{ config?: string; json?: boolean }>();
  const effective = effectiveConfig(command, await loadConfig(named));
  if (json) printJson(effective);
  else print(formatConfig(effective));
  return 0;
}
