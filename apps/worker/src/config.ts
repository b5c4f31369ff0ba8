import { hostname } from "node:os";
import {
  applySection,
  openConfig,
  parseConnectionUrl,
  readSetting,
  type Setting,
  settingsOf,
} from "@rehome/config";
import { Command, InvalidArgumentError, Option } from "commander";

export interface Config {
  readonly sourceUrl: URL;
  readonly targetUrl: URL;
  readonly queueUrl: URL;
  /** Chunks copied at the same time, each over a source connection of its own. */
  readonly concurrency: number;
  readonly healthPort: number | null;
  /** BullMQ's: how long a job stays a silent worker's. */
  readonly lockMs: number;
  /** How often jobs of dead workers, and chunks without a job, are looked for. */
  readonly stalledMs: number;
  /** How long the source may keep a chunk waiting without a word. */
  readonly sourceInactivityTimeoutMs: number;
  /** How long a stop waits for the chunks in hand. */
  readonly stopMs: number;
  readonly logLevel: string;
  readonly logFile: string | null;
  /** Names the worker in logs and on the dashboard. */
  readonly name: string;
}

/** What commander names after the flags; the config file's keys say the unit. */
interface Flags {
  concurrency: number;
  healthPort?: number;
  lock: number;
  stalled: number;
  sourceSilence: number;
  stopTimeout: number;
  logLevel: string;
}

/** Flags, environment, config file. Ends the process with 2 on wrong usage; throws RehomeError (exit 2). */
export async function readConfig(argv: readonly string[]): Promise<Config> {
  const command = new Command("rehome-worker")
    .description("Copies sessions, chunk by chunk, until it is told to stop.")
    .addOption(
      new Option("--config <path>", "config file, instead of rehome.config.{ts,js,json}").env(
        "REHOME_CONFIG",
      ),
    )
    .allowExcessArguments(false)
    .addHelpText(
      "after",
      "\nSOURCE_URL, TARGET_URL and QUEUE_URL are read from the environment only.\nThe mapping is the run's own, whatever the config file says.",
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const [, setting] of settingsOf("worker")) command.addOption(toOption(setting));
  command.parse(argv);
  applySection(command, await openConfig(command.getOptionValue("config"), process.env), "worker");
  const flags = command.opts<Flags>();
  return {
    sourceUrl: parseConnectionUrl("SOURCE_URL", process.env["SOURCE_URL"], [
      "postgres:",
      "postgresql:",
    ]),
    targetUrl: parseConnectionUrl("TARGET_URL", process.env["TARGET_URL"], ["redis:", "rediss:"]),
    queueUrl: parseConnectionUrl("QUEUE_URL", process.env["QUEUE_URL"], ["redis:", "rediss:"]),
    concurrency: flags.concurrency,
    healthPort: flags.healthPort ?? null,
    lockMs: flags.lock,
    stalledMs: flags.stalled,
    sourceInactivityTimeoutMs: flags.sourceSilence,
    stopMs: flags.stopTimeout,
    logLevel: flags.logLevel,
    logFile: process.env["LOG_FILE"] ?? null,
    name: `${hostname()}-${process.pid}`,
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
