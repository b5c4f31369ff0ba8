import {
  type LoadedConfig,
  openConfig,
  parseConnectionUrl,
  parseUsers,
  type User,
  USERS_VARIABLE,
} from "@rehome/config";

/**
 * Connection URLs come from the environment only, since flags show in process lists. Each is read when a
 * command needs it. Throws RehomeError (exit 2).
 */
export const urls = {
  source: () =>
    parseConnectionUrl("SOURCE_URL", process.env["SOURCE_URL"], ["postgres:", "postgresql:"]),
  target: () => parseConnectionUrl("TARGET_URL", process.env["TARGET_URL"], ["redis:", "rediss:"]),
  queue: () => parseConnectionUrl("QUEUE_URL", process.env["QUEUE_URL"], ["redis:", "rediss:"]),
};

/** The file named, or the current directory's. Throws RehomeError (exit 2). */
export function loadConfig(named: string | undefined): Promise<LoadedConfig> {
  return openConfig(named, process.env);
}

/** The dashboard's, where the environment names them. Throws RehomeError (exit 2). */
export function readUsers(): User[] | null {
  const text = process.env[USERS_VARIABLE];
  return text === undefined ? null : parseUsers(text);
}

/** What goes to stderr goes there as well. */
export const logFile = process.env["LOG_FILE"] ?? null;

/** Progress is animated only where someone watches it. */
export const terminal = {
  animated:
    process.stderr.isTTY === true &&
    process.env["CI"] === undefined &&
    process.env["TERM"] !== "dumb",
};
