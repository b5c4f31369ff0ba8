import {
  applySection,
  displayUrl,
  type LoadedConfig,
  SECTIONS,
  type Setting,
  settingsOf,
  USERS_VARIABLE,
} from "@rehome/config";
import { type Mapping, RehomeError } from "@rehome/core";
import type { Command } from "commander";
import { urls, usersOfEnvironment } from "./config.js";

/** The document of `config --json`. */
export interface EffectiveConfig {
  readonly file: string | null;
  readonly options: Readonly<Record<string, EffectiveOption>>;
  /** Protocol, host, port and database, or `not set` or `malformed`: never the user or the password. */
  readonly urls: Readonly<Record<string, string>>;
}

export interface EffectiveOption {
  readonly value: unknown;
  /** `flag`, `environment NAME`, the config file's path, or `default`. */
  readonly source: string;
}

/** `command` has the flags of every section, so each value is found as its own verb would find it. */
export function effectiveConfig(command: Command, loaded: LoadedConfig): EffectiveConfig {
  return {
    file: loaded.file,
    options: {
      store: storeOption(loaded),
      ...mappingOptions(loaded),
      users: usersOption(loaded),
      ...flagOptions(command, loaded),
    },
    urls: {
      SOURCE_URL: describeUrl(urls.source),
      TARGET_URL: describeUrl(urls.target),
      QUEUE_URL: describeUrl(urls.queue),
    },
  };
}

/** As the file gives it: a preset or a description. */
function storeOption({ file, given, store }: LoadedConfig): EffectiveOption {
  return { value: given.store ?? store.name, source: (given.store && file) ?? "default" };
}

function mappingOptions({ file, given, mapping }: LoadedConfig): EffectiveConfig["options"] {
  return Object.fromEntries(
    Object.entries(mapping).map(([key, value]) => {
      const isGiven = given.mapping?.[key as keyof Mapping] !== undefined;
      return [`mapping.${key}`, { value, source: (isGiven ? file : null) ?? "default" }];
    }),
  );
}

/** Names and roles; never the hashes. */
function usersOption({ file, given, users }: LoadedConfig): EffectiveOption {
  const variable = usersOfEnvironment();
  const source = given.users === undefined ? null : file;
  return {
    value: (variable ?? users).map(({ name, role }) => `${name} (${role})`),
    source: variable === null ? (source ?? "default") : `environment ${USERS_VARIABLE}`,
  };
}

function flagOptions(command: Command, loaded: LoadedConfig): EffectiveConfig["options"] {
  const options: Record<string, EffectiveOption> = {};
  for (const section of SECTIONS) {
    applySection(command, loaded, section);
    for (const [key, setting] of settingsOf(section)) {
      options[`${section}.${key}`] = {
        value: command.getOptionValue(key) as unknown,
        source: describeSource(command.getOptionValueSource(key), setting, loaded.file),
      };
    }
  }
  return options;
}

function describeSource(source: string | undefined, setting: Setting, file: string | null): string {
  if (source === "cli") return "flag";
  if (source === "env") return `environment ${setting.env}`;
  return (source === "config" ? file : null) ?? "default";
}

function describeUrl(read: () => URL): string {
  try {
    return displayUrl(read());
  } catch (error) {
    if (!(error instanceof RehomeError)) throw error;
    return error.code === "missing-url" ? "not set" : "malformed";
  }
}
