import { messageWithHint, RehomeError, safeMessage } from "@rehome/core";
import { Command } from "commander";
import type { LoadedConfig } from "./config-file.js";
import type { Environment } from "./environment.js";
import { applySection, CONFIG_FLAG, withFlags } from "./flags.js";
import { openConfig } from "./open-config.js";
import { type Section, settingsOf, type Values } from "./settings.js";

/** A program without verbs. It takes no arguments; help ends the process with 0, wrong usage with 2. */
export function makeProgram(name: string, about: { description: string; help: string }): Command {
  return new Command(name)
    .description(about.description)
    .addHelpText("after", `\n${about.help}`)
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
}

/**
 * Reads a section's values from flags, environment and config file, with --config to name the file. Throws
 * RehomeError `bad-config` (exit 2).
 */
export async function parseCommand<S extends Section>(
  command: Command,
  section: S,
  argv: readonly string[],
  environment: Environment,
): Promise<{ values: Values<S>; config: LoadedConfig }> {
  withFlags(command.addOption(CONFIG_FLAG), section).parse(argv);
  const config = await openConfig(command.opts<{ config?: string }>().config, environment);
  applySection(command, config, section);
  const values = settingsOf(section).map(([key]) => [key, command.getOptionValue(key)]);
  return { values: Object.fromEntries(values) as Values<S>, config };
}

/** What a program ended with, in one line on stderr, and by its exit code. */
export function reportFailure(program: string, error: unknown): void {
  const expected = error instanceof RehomeError;
  process.stderr.write(`${program}: ${expected ? messageWithHint(error) : safeMessage(error)}\n`);
  process.exitCode = expected ? error.exitCode : 1;
}
