import { parseConnectionUrl, RehomeError } from "@rehome/core";
import { Command, InvalidArgumentError, Option } from "commander";

export interface Config {
  readonly queueUrl: URL;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/** Flags first, then the environment. Ends the process with 2 on wrong usage; throws RehomeError (exit 2). */
export function readConfig(argv: readonly string[]): Config {
  const command = new Command("rehome-dashboard")
    .description("Shows runs and their jobs in a browser.")
    .addOption(
      new Option("--host <host>", "loopback address to listen on")
        .env("REHOME_DASHBOARD_HOST")
        .default("127.0.0.1"),
    )
    .addOption(
      new Option("--port <port>", "port to listen on (0: any)")
        .env("REHOME_DASHBOARD_PORT")
        .default(3000)
        .argParser(portNumber),
    )
    .allowExcessArguments(false)
    .addHelpText("after", "\nQUEUE_URL is read from the environment only.")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(argv);
  const { host, port } = command.opts<{ host: string; port: number }>();
  if (!LOOPBACK.test(host)) {
    throw new RehomeError(
      "not-loopback",
      `--host ${host} is not a loopback address, and the dashboard has no logins`,
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
  };
}

function portNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= 65_535))
    throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
  return value;
}
