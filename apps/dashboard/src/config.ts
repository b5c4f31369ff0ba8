import {
  applySection,
  openConfig,
  parseConnectionUrl,
  parseUsers,
  readSetting,
  type Setting,
  settingsOf,
  type User,
  USERS_VARIABLE,
  type Values,
} from "@rehome/config";
import { RehomeError } from "@rehome/core";
import { Command, InvalidArgumentError, Option } from "commander";
import { isLoopback } from "./login/same-origin.js";

export interface Config {
  readonly queueUrl: URL;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** What is logged to stderr goes there as well. */
  readonly logFile: string | null;
  /** For the gauge of its memory; null where none was given. */
  readonly targetUrl: URL | null;
  /** Where browsers reach it if a proxy is in between. */
  readonly origin: string | null;
  readonly loginHours: number;
  readonly users: readonly User[];
  /** Asked for by /metrics; null: for loopback alone. */
  readonly metricsToken: string | null;
}

type Flags = Omit<Values<"dashboard">, "origin"> & { origin?: string };

const REDIS = ["redis:", "rediss:"];

/** Flags, environment, config file. Ends the process with 2 on wrong usage; throws RehomeError (exit 2). */
export async function readConfig(argv: readonly string[]): Promise<Config> {
  const command = new Command("rehome-dashboard")
    .description("Shows runs in a browser, live, and lets operators change them.")
    .addOption(
      new Option("--config <path>", "config file, instead of rehome.config.{ts,js,json}").env(
        "REHOME_CONFIG",
      ),
    )
    .allowExcessArguments(false)
    .addHelpText(
      "after",
      `
QUEUE_URL, TARGET_URL (for the gauge of its memory, may be left out) and REHOME_DASHBOARD_METRICS_TOKEN are read
from the environment only. Users are named in ${USERS_VARIABLE} or the config file.

Make a user's hash with: rehome-dashboard hash-password --user NAME --role operator`,
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const [, setting] of settingsOf("dashboard")) command.addOption(toOption(setting));
  command.parse(argv);
  const loaded = await openConfig(command.getOptionValue("config"), process.env);
  applySection(command, loaded, "dashboard");
  const { host, port, origin, loginHours } = command.opts<Flags>();
  const given = process.env[USERS_VARIABLE];
  const users = given === undefined ? loaded.users : parseUsers(given);
  if (users.length === 0) refuseOpenDoors(host, origin ?? null);
  const targetUrl = process.env["TARGET_URL"];
  return {
    queueUrl: parseConnectionUrl("QUEUE_URL", process.env["QUEUE_URL"], REDIS),
    targetUrl: targetUrl === undefined ? null : parseConnectionUrl("TARGET_URL", targetUrl, REDIS),
    host,
    port,
    origin: origin ?? null,
    loginHours,
    users,
    metricsToken: process.env["REHOME_DASHBOARD_METRICS_TOKEN"] || null,
    logFile: process.env["LOG_FILE"] ?? null,
  };
}

/** Without users, whoever reaches the dashboard is an operator. */
function refuseOpenDoors(host: string, origin: string | null): void {
  const hint = `Name who may sign in, in ${USERS_VARIABLE} or the config file (make one with: rehome-dashboard hash-password --user NAME --role operator), or listen on 127.0.0.1 and reach it through a tunnel: ssh -L 3000:127.0.0.1:3000 HOST`;
  if (!isLoopback(host)) {
    const what = `host ${host} is not a loopback address, and no users are configured`;
    throw new RehomeError("not-loopback", what, { hint, exitCode: 2 });
  }
  if (origin !== null && !isLoopback(new URL(origin).hostname)) {
    const what = `origin ${origin} lets others in through a proxy, and no users are configured`;
    throw new RehomeError("not-loopback", what, { hint, exitCode: 2 });
  }
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
