import { type LoadedConfig, openConfig, readUrl, readUsers, type User } from "@rehome/config";

/** Each is read when a command needs it. Throws RehomeError (exit 2). */
export const urls = {
  source: () => readUrl("SOURCE_URL", process.env),
  target: () => readUrl("TARGET_URL", process.env),
  queue: () => readUrl("QUEUE_URL", process.env),
};

/** Whether there is a source to look at, or a target, for a command that can do without. */
export function isSet(name: "SOURCE_URL" | "TARGET_URL"): boolean {
  return (process.env[name] ?? "").trim() !== "";
}

/** The file named, or the current directory's. Throws RehomeError (exit 2). */
export function loadConfig(named: string | undefined): Promise<LoadedConfig> {
  return openConfig(named, process.env);
}

/** The dashboard's users, where the environment names them. Throws RehomeError (exit 2). */
export function usersOfEnvironment(): User[] | null {
  return readUsers(process.env);
}

/** Gets everything that goes to stderr. */
export const logFile = process.env["LOG_FILE"] ?? null;

/** Progress is animated only where someone watches it. */
export const terminal = {
  animated:
    process.stderr.isTTY === true &&
    process.env["CI"] === undefined &&
    process.env["TERM"] !== "dumb",
};
