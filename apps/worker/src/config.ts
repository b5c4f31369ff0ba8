import { hostname } from "node:os";
import { parseConnectionUrl } from "@rehome/core";
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
  /** How long a stop waits for the chunks in hand. */
  readonly stopMs: number;
  readonly logLevel: string;
  readonly logFile: string | null;
  /** Names the worker in logs and on the dashboard. */
  readonly name: string;
}

interface Flags {
  concurrency: number;
  healthPort?: number;
  lock: number;
  stalled: number;
  stopTimeout: number;
  logLevel: string;
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"];

/** Flags first, then the environment. Ends the process with 2 on wrong usage; throws RehomeError on a wrong URL. */
export function readConfig(argv: readonly string[]): Config {
  const command = new Command("rehome-worker")
    .description("Copies sessions, chunk by chunk, until it is told to stop.")
    .addOption(
      new Option("--concurrency <n>", "chunks copied at the same time")
        .env("REHOME_CONCURRENCY")
        .default(2)
        .argParser(integer(1, 64)),
    )
    .addOption(
      new Option("--health-port <port>", "serve GET /healthz on this port")
        .env("REHOME_HEALTH_PORT")
        .argParser(integer(1, 65_535)),
    )
    .addOption(
      new Option("--lock <ms>", "how long a chunk stays a silent worker's")
        .env("REHOME_LOCK_MS")
        .default(30_000)
        .argParser(integer(500, 3_600_000)),
    )
    .addOption(
      new Option("--stalled <ms>", "how often chunks of dead workers are looked for")
        .env("REHOME_STALLED_MS")
        .default(30_000)
        .argParser(integer(500, 3_600_000)),
    )
    .addOption(
      new Option("--stop-timeout <ms>", "how long a stop waits for the chunks in hand")
        .env("REHOME_STOP_TIMEOUT_MS")
        .default(20_000)
        .argParser(integer(0, 3_600_000)),
    )
    .addOption(
      new Option("--log-level <level>", "how much is logged")
        .env("LOG_LEVEL")
        .default("info")
        .choices(LOG_LEVELS),
    )
    .allowExcessArguments(false)
    .addHelpText(
      "after",
      "\nSOURCE_URL, TARGET_URL and QUEUE_URL are read from the environment only.",
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(argv);
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
    stopMs: flags.stopTimeout,
    logLevel: flags.logLevel,
    logFile: process.env["LOG_FILE"] ?? null,
    name: `${hostname()}-${process.pid}`,
  };
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}
