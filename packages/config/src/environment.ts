import { parseConnectionUrl } from "./connection-url.js";
import { parseUsers, type User, USERS_VARIABLE } from "./user.js";

/** What an app passes on of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REDIS = ["redis:", "rediss:"];

const PROTOCOLS = {
  SOURCE_URL: ["postgres:", "postgresql:"],
  TARGET_URL: REDIS,
  QUEUE_URL: REDIS,
} as const;

/** Connection URLs come from the environment only, since flags show in process lists. Throws RehomeError (exit 2). */
export function readUrl(name: keyof typeof PROTOCOLS, environment: Environment): URL {
  return parseConnectionUrl(name, environment[name], PROTOCOLS[name]);
}

/** Who may sign in to the dashboard; null where the config file says it. Throws RehomeError (exit 2). */
export function readUsers(environment: Environment): User[] | null {
  const text = environment[USERS_VARIABLE];
  return text === undefined ? null : parseUsers(text);
}
