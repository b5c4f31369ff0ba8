import { AWAY, type FailureTable, type KnownFailure, LATER, NEVER } from "./failure.js";

/** By the word that an error reply begins with, or by a name of ours where it has none. */
const CODES: Readonly<Record<string, KnownFailure>> = {
  LOADING: [AWAY, "loading"],
  MISCONF: [AWAY, "cannot-save"],
  BUSY: [AWAY, "script-busy"],
  CLUSTERDOWN: [AWAY, "cluster-down"],
  MASTERDOWN: [AWAY, "master-lost"],
  NOREPLICAS: [AWAY, "replicas-missing"],
  READONLY: [AWAY, "read-only", "Give the URL of the master"],
  TRYAGAIN: [AWAY, "slots-moving"],
  MAXCLIENTS: [AWAY, "too-many-clients", "Raise its maxclients or close other connections"],
  OOM: [AWAY, "out-of-memory", "Raise its maxmemory or free memory"],
  NOAUTH: [NEVER, "password-missing", "Put the password into the URL"],
  WRONGPASS: [NEVER, "login-refused", "Check the user and the password in the URL"],
  NOPERM: [
    NEVER,
    "permission-missing",
    "Allow the user the command that the server's ACL LOG names",
  ],
  WRONGTYPE: [NEVER, "wrong-type"],
  TOOLONG: [NEVER, "too-long", "Raise its proto-max-bulk-len"],
  UNREADABLE: [LATER, "unreadable"],
};

/** What Redis and ioredis say without a code of their own. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  // Above proto-max-bulk-len, and above what a managed server takes.
  [/^ERR Protocol error: invalid (?:multi)?bulk length/i, "TOOLONG"],
  [/^ERR max (?:request|single record) size exceeded/i, "TOOLONG"],
  [/^Command aborted due to connection close/i, "ECONNRESET"],
  [/^Command timed out|^Socket timeout|^Reached the max retries per request/i, "ETIMEDOUT"],
  [/^Connection is closed|^Stream isn't writeable/i, "ECONNREFUSED"],
  [/^Protocol error|^Unknown RESP type|^Command queue state error/i, "UNREADABLE"],
  [/^ERR max number of clients reached/, "MAXCLIENTS"],
];

/** Before Redis 7 a script's error reply names what stopped the script in its middle, and a missing permission in a sentence. */
const IN_SCRIPT =
  /^(?:ERR Error running script|@user_script|-).*?\b(OOM|READONLY|MISCONF|NOREPLICAS)\b/s;
const NOT_IN_SCRIPT = /The user executing the script can't/;

/**
 * What a Redis server refuses and how ioredis says so. It stands here because the target and the queue are both Redis
 * and their packages may not import each other.
 */
export const REDIS_FAILURES: FailureTable = {
  codeOf,
  lookUp: (code) => (Object.hasOwn(CODES, code) ? CODES[code] : undefined),
  isDriverError: (error) => isReply(error) || "command" in error || "previousErrors" in error,
};

function codeOf(error: Error): string | null {
  // A transaction that was discarded says so; the reason is the error of the command that was refused first.
  if ("previousErrors" in error && Array.isArray(error.previousErrors)) {
    const [first] = error.previousErrors as unknown[];
    if (first instanceof Error) return codeOf(first);
  }
  const { message } = error;
  const phrase = PHRASES.find(([pattern]) => pattern.test(message));
  if (phrase !== undefined) return phrase[1];
  if (!isReply(error)) return null;
  if (NOT_IN_SCRIPT.test(message)) return "NOPERM";
  return IN_SCRIPT.exec(message)?.[1] ?? /^[A-Z]+(?= |$)/.exec(message)?.[0] ?? "ERR";
}

function isReply({ name }: Error): boolean {
  return name === "ReplyError" || name === "ParserError";
}
