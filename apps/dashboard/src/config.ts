import { parseConnectionUrl, RehomeError } from "@rehome/core";
import { Command, InvalidArgumentError, Option } from "commander";

export interface Config {
  readonly queueUrl: URL;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

interface Flags {
  host: string;
  port: number;
  publishedOn?: "loopback";
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/** Flags first, then the environment. Ends the process with 2 on wrong usage; throws RehomeError (exit 2). */
export function readConfig(argv: readonly string[]): Config {
  const command = new Command("rehome-dashboard")
    .description("Shows runs and their jobs in a browser.")
    .addOption(
      new Option("--host <host>", "address to listen on, one of loopback")
        .env("REHOME_DASHBOARD_HOST")
        .default("127.0.0.1"),
    )
    .addOption(
      new Option("--port <port>", "port to listen on (0: any)")
        .env("REHOME_DASHBOARD_PORT")
        .default(3000)
        .argParser(portNumber),
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
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(argv);
  const { host, port, publishedOn } = command.opts<Flags>();
  // In a container loopback is the container's own. What the host makes of the port cannot be seen from here.
  if (!LOOPBACK.test(host) && publishedOn !== "loopback") {
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
