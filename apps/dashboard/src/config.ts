import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  applySection,
  type LoadedConfig,
  openConfig,
  parseConnectionUrl,
  readSetting,
  RehomeError,
  type Setting,
  settingsOf,
  type Values,
} from "@rehome/core";
import { Command, InvalidArgumentError, Option } from "commander";
import { createJiti } from "jiti";

export interface Config {
  readonly queueUrl: URL;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** What is logged to stderr goes there as well. */
  readonly logFile: string | null;
}

type Flags = Values<"dashboard"> & { publishedOn?: "loopback" };

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/** Flags, environment, config file. Ends the process with 2 on wrong usage; throws RehomeError (exit 2). */
export async function readConfig(argv: readonly string[]): Promise<Config> {
  const command = new Command("rehome-dashboard")
    .description("Shows runs and their jobs in a browser.")
    .addOption(
      new Option("--config <path>", "config file, instead of rehome.config.{ts,js,json}").env(
        "REHOME_CONFIG",
      ),
    )
    .addOption(
      new Option(
        "--published-on <where>",
        "in a container: the host publishes the port on loopback only, so --host may be any address",
      )
        .env("REHOME_DASHBOARD_PUBLISHED_ON")
        .choices(["loopback"]),
    )
    .allowExcessArguments(false)
    .addHelpText("after", "\nQUEUE_URL is read from the environment only.")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const [, setting] of settingsOf("dashboard")) command.addOption(toOption(setting));
  command.parse(argv);
  applySection(command, await loadConfig(command.getOptionValue("config")), "dashboard");
  const { host, port, publishedOn } = command.opts<Flags>();
  // In a container loopback is the container's own. What the host makes of the port cannot be seen from here.
  if (!LOOPBACK.test(host) && publishedOn !== "loopback") {
    throw new RehomeError(
      "not-loopback",
      `host ${host} is not a loopback address, and the dashboard has no logins`,
      {
        hint: "Listen on 127.0.0.1 and reach it through a tunnel: ssh -L 3000:127.0.0.1:3000 HOST",
        exitCode: 2,
      },
    );
  }
  return {
    queueUrl: parseConnectionUrl("QUEUE_URL", process.env["QUEUE_URL"], ["redis:", "rediss:"]),
    host,
    port,
    logFile: process.env["LOG_FILE"] ?? null,
  };
}

function toOption(setting: Setting): Option {
  const option = new Option(`--${setting.flag} <${setting.takes}>`, setting.about)
    .env(setting.env)
    .argParser((text) => {
      const value = readSetting(setting, text);
      if (value === undefined) throw new InvalidArgumentError(`It must be ${setting.expects}.`);
      return value;
    });
  if (setting.choices !== null) option.choices(setting.choices);
  return setting.default === null ? option : option.default(setting.default);
}

function loadConfig(named: string | undefined): Promise<LoadedConfig> {
  return openConfig(named, {
    exists: existsSync,
    readText: (file) => readFile(file, "utf8"),
    importModule: (file) =>
      createJiti(import.meta.url, { fsCache: false, interopDefault: false }).import(resolve(file)),
    environment: process.env,
  });
}
