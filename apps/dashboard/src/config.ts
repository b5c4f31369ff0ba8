import {
  makeProgram,
  parseCommand,
  readUrl,
  readUsers,
  type User,
  USERS_VARIABLE,
  type Values,
} from "@rehome/config";
import { RehomeError } from "@rehome/core";
import { isLoopback } from "./login/same-origin.js";

export interface Config extends Readonly<Values<"dashboard">> {
  readonly queueUrl: URL;
  /** For the memory gauge; null where it is not set. */
  readonly targetUrl: URL | null;
  readonly users: readonly User[];
  /** Required by /metrics; null: loopback only. */
  readonly metricsToken: string | null;
  /** Gets everything that is logged to stderr. */
  readonly logFile: string | null;
}

/** Flags, environment, config file. Ends the process with 2 on wrong usage; throws RehomeError (exit 2). */
export async function readConfig(argv: readonly string[]): Promise<Config> {
  const program = makeProgram("rehome-dashboard", {
    description: "Shows runs in a browser, live, and lets operators change them.",
    help: `\
QUEUE_URL, TARGET_URL (optional, for the memory gauge) and REHOME_DASHBOARD_METRICS_TOKEN are read from the
environment only. Users are listed in ${USERS_VARIABLE} or the config file.

Make an entry for a user with: rehome-dashboard hash-password --user NAME --role operator`,
  });
  const { values, config } = await parseCommand(program, "dashboard", argv, process.env);
  const users = readUsers(process.env) ?? config.users;
  if (users.length === 0) refuseOpenDoors(values);
  return {
    ...values,
    queueUrl: readUrl("QUEUE_URL", process.env),
    targetUrl: process.env["TARGET_URL"] === undefined ? null : readUrl("TARGET_URL", process.env),
    users,
    metricsToken: process.env["REHOME_DASHBOARD_METRICS_TOKEN"] || null,
    logFile: process.env["LOG_FILE"] ?? null,
  };
}

/** Without users, whoever reaches the dashboard is an operator. */
function refuseOpenDoors({ host, origin }: Values<"dashboard">): void {
  const hint = `List who may sign in, in ${USERS_VARIABLE} or the config file (make an entry with: rehome-dashboard hash-password --user NAME --role operator), or listen on 127.0.0.1 and reach it through a tunnel: ssh -L 3000:127.0.0.1:3000 HOST`;
  if (!isLoopback(host)) {
    const what = `host ${host} is not a loopback address, and no users are configured`;
    throw new RehomeError("not-loopback", what, { hint, exitCode: 2 });
  }
  if (origin !== null && !isLoopback(new URL(origin).hostname)) {
    const what = `origin ${origin} lets others in through a proxy, and no users are configured`;
    throw new RehomeError("not-loopback", what, { hint, exitCode: 2 });
  }
}
