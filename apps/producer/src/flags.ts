import { applySection, readSetting, type Section, type Setting, settingsOf } from "@rehome/config";
import { type Command, InvalidArgumentError, Option } from "commander";
import { loadConfig } from "./config.js";

export const CONFIG_FLAG = new Option(
  "--config <path>",
  "config file, instead of rehome.config.{ts,js,json}",
).env("REHOME_CONFIG");

/** Gives a verb the flags of sections of the config file. */
export function withFlags(verb: Command, ...sections: readonly Section[]): Command {
  for (const [, setting] of sections.flatMap(settingsOf)) verb.addOption(toOption(setting));
  return verb;
}

/** A setting as a flag. */
export function toOption(setting: Setting): Option {
  const value = setting.takes === null ? "[boolean]" : `<${setting.takes}>`;
  const option = new Option(`--${setting.flag} ${value}`, setting.about)
    .env(setting.env)
    .argParser((text) => {
      const read = readSetting(setting, text);
      if (read === undefined) throw new InvalidArgumentError(`It must be ${setting.expects}.`);
      return read;
    });
  if (setting.takes === null) option.preset("true");
  if (setting.choices !== null) option.choices(setting.choices);
  return setting.default === null ? option : option.default(setting.default);
}

/** Which section a verb takes its options from; the others do not read the file. */
const SECTION_OF: ReadonlyMap<string, Section> = new Map([
  ["seed", "seed"],
  ["plan", "start"],
  ["start", "start"],
  ["verify", "verify"],
]);

/** Gives a verb, before it acts, what the config file says of its options, and the mapping if it needs one. */
export async function applyConfigFile(program: Command, verb: Command): Promise<void> {
  const section = SECTION_OF.get(verb.name());
  if (section === undefined) return;
  const config = await loadConfig(program.getOptionValue("config"));
  applySection(verb, config, section);
  if (section === "start") verb.setOptionValueWithSource("mapping", config.mapping, "config");
}
