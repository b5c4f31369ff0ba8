import { type Command, InvalidArgumentError, Option } from "commander";
import type { LoadedConfig } from "./config-file.js";
import { readSetting, type Setting } from "./setting.js";
import { type Section, settingsOf, type Values } from "./settings.js";

export const CONFIG_FLAG = new Option(
  "--config <path>",
  "config file, instead of rehome.config.{ts,js,json}",
).env("REHOME_CONFIG");

/** Gives a command the flags of a section, or of some of its settings. Their values go by the settings' keys. */
export function withFlags<S extends Section>(
  command: Command,
  section: S,
  keys?: readonly (keyof Values<S>)[],
): Command {
  for (const [key, setting] of settingsOf(section)) {
    if (keys !== undefined && !keys.some((one) => one === key)) continue;
    command.addOption(toOption(key, setting));
    // Not as the option's own default: help would show it.
    if (setting.default === null) command.setOptionValueWithSource(key, null, "default");
  }
  return command;
}

function toOption(key: string, setting: Setting): Option {
  const value = setting.takes === null ? "[boolean]" : `<${setting.takes}>`;
  const option = new Option(`--${setting.flag} ${value}`, setting.about)
    .env(setting.env)
    .argParser((text) => {
      const read = readSetting(setting, text);
      if (read === undefined) throw new InvalidArgumentError(`It must be ${setting.expects}.`);
      return read;
    });
  // Commander would name the value after the flag, which leaves out the unit: `lock` for `lockMs`.
  option.attributeName = () => key;
  if (setting.takes === null) option.preset("true");
  if (setting.choices !== null) option.choices(setting.choices);
  return setting.default === null ? option : option.default(setting.default);
}

/**
 * Flag, then environment, then config file, then default: this is where the file takes its place in that
 * order. Call it once the flags and the environment are parsed.
 */
export function applySection(command: Command, config: LoadedConfig, section: Section): void {
  const given: Readonly<Record<string, unknown>> = config.given[section] ?? {};
  for (const [key] of settingsOf(section)) {
    if (given[key] === undefined || command.getOptionValueSource(key) !== "default") continue;
    command.setOptionValueWithSource(key, given[key], "config");
  }
}
