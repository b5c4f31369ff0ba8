import { RehomeError } from "./error.js";

/** Which server a driver's error came from. */
export type Side = "source" | "target" | "queue";

/**
 * What is known of a server's failure: what can help, what it means, how to mend it. Keyed by SQLSTATE (or its
 * class of two characters), by the word a Redis error begins with, or by Node's code.
 */
type Known = readonly [remedy: Remedy, meaning: string, hint?: string];

/** The server serves nobody as it is: whoever needs it waits, however long that takes. */
const AWAY = { retryable: true, unavailable: true };
/** This piece of work met something that may pass. */
const LATER = { retryable: true, unavailable: false };
const NEVER = { retryable: false, unavailable: false };
type Remedy = Readonly<typeof AWAY>;

const CERTIFICATE: Known = [
  AWAY,
  "the server's certificate is not accepted",
  "Renew it, or have its issuer trusted by NODE_EXTRA_CA_CERTS",
];

const KNOWN: Readonly<Record<string, Known>> = {
  // PostgreSQL
  "08": [AWAY, "the connection failed"],
  "25P03": [LATER, "the transaction was idle for too long"],
  "25P04": [LATER, "the transaction took too long"],
  "28": [
    NEVER,
    "the server refused the user or the password",
    "Check the user and the password in the URL",
  ],
  "3D000": [NEVER, "there is no such database", "Check the name of the database in the URL"],
  "40": [LATER, "the transaction was rolled back by the server"],
  "42501": [NEVER, "the user lacks a privilege", "Grant the user SELECT on the four tables"],
  "42703": [NEVER, "a column is missing", "Compare the tables with the reference schema"],
  "42P01": [NEVER, "a table is missing", "Check the database and its search_path"],
  "53": [AWAY, "the server is out of a resource"],
  "53400": [NEVER, "a limit of the server's configuration was exceeded", "Raise it"],
  "55P03": [LATER, "a lock could not be had"],
  "57014": [LATER, "the statement was cancelled or timed out"],
  "57P": [AWAY, "the server is stopping or starting"],
  "58": [LATER, "the server met a system error"],
  // Redis
  LOADING: [AWAY, "the server is loading its data"],
  MISCONF: [AWAY, "the server cannot save its data and refuses writes"],
  BUSY: [AWAY, "the server is busy with a script"],
  CLUSTERDOWN: [AWAY, "the cluster is down"],
  MASTERDOWN: [AWAY, "the replica lost its master"],
  NOREPLICAS: [AWAY, "there are not enough replicas to write"],
  READONLY: [AWAY, "the server is a replica and takes no writes", "Give the URL of the master"],
  TRYAGAIN: [AWAY, "the cluster is moving these keys"],
  MAXCLIENTS: [
    AWAY,
    "the server takes no more clients",
    "Raise its maxclients or close other connections",
  ],
  OOM: [AWAY, "the server is out of memory", "Raise its maxmemory or free memory"],
  NOAUTH: [NEVER, "the server asks for a password", "Put the password into the URL"],
  WRONGPASS: [
    NEVER,
    "the server refused the user or the password",
    "Check the user and the password in the URL",
  ],
  NOPERM: [
    NEVER,
    "the user lacks a permission",
    "Allow the user the command that the server's ACL LOG names",
  ],
  WRONGTYPE: [NEVER, "a key holds another type"],
  // Node
  ECONNREFUSED: [
    AWAY,
    "nothing listens there",
    "Check host and port, and that the server is running",
  ],
  ECONNRESET: [AWAY, "the connection was reset"],
  EPIPE: [AWAY, "the connection broke"],
  ETIMEDOUT: [AWAY, "the server did not answer in time"],
  EPROTO: [AWAY, "the TLS handshake failed"],
  CERT_HAS_EXPIRED: CERTIFICATE,
  CERT_NOT_YET_VALID: CERTIFICATE,
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: CERTIFICATE,
  EADDRNOTAVAIL: [AWAY, "this machine has no port left to connect from"],
  EHOSTDOWN: [AWAY, "the host cannot be reached"],
  EHOSTUNREACH: [AWAY, "the host cannot be reached"],
  ENETUNREACH: [AWAY, "the network cannot be reached"],
  ENOTFOUND: [AWAY, "the host name is unknown", "Check the host name in the URL"],
  EAI_AGAIN: [AWAY, "the host name could not be looked up"],
  // What has no code of its own
  NOTLS: [
    NEVER,
    "the server does not offer TLS",
    "Ask for no TLS in the URL, or let the server offer it",
  ],
  UNREADABLE: [LATER, "the server's reply could not be read"],
};

const UNKNOWN: Known = [NEVER, "the server refused a command"];

/** Everything that may stand for a server's failure. */
export const FAILURE_MEANINGS: readonly string[] = [
  ...new Set([...Object.values(KNOWN), UNKNOWN].map(([, meaning]) => meaning)),
];

/** What the drivers and Redis say without a code of their own. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [
    /^Connection terminated|^Client was closed|^Client has encountered a connection error/i,
    "ECONNRESET",
  ],
  [/^Command aborted due to connection close/i, "ECONNRESET"],
  [/^timeout exceeded when trying to connect|^timeout expired|^Query read timeout/i, "ETIMEDOUT"],
  [/^Command timed out|^Socket timeout|^Reached the max retries per request/i, "ETIMEDOUT"],
  [/^Connection is closed|^Stream isn't writeable/i, "ECONNREFUSED"],
  [/^Protocol error|^Unknown RESP type|^Command queue state error/i, "UNREADABLE"],
  [/^ERR max number of clients reached/, "MAXCLIENTS"],
  [/^There was an error establishing an SSL connection/, "EPROTO"],
  [/^The server does not support SSL|^Server does not support/i, "NOTLS"],
  [/^SASL: /, "28"],
];

/** With a digit, which all of PostgreSQL's have and EPERM, EBUSY and their like do not. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/**
 * A driver's error in words fit to be shown: its message, detail and command may hold session ids or personal
 * data, so nothing of it is passed on but its code. An error that is none of a driver's is returned as it is.
 */
export function describeFailure(side: Side, error: unknown): unknown {
  if (error instanceof RehomeError || !(error instanceof Error)) return error;
  const code = driverCode(error);
  if (code === null) return error;
  const [remedy, meaning, hint] = known(code) ?? UNKNOWN;
  return new RehomeError(`${side}-${code}`, `${side}: ${meaning} (${code})`, {
    ...remedy,
    ...(hint === undefined ? {} : { hint }),
  });
}

function known(code: string): Known | undefined {
  return (
    KNOWN[code] ??
    KNOWN[code.slice(0, 3)] ??
    (SQLSTATE.test(code) ? KNOWN[code.slice(0, 2)] : undefined)
  );
}

function driverCode(error: Error): string | null {
  // Of a transaction that was given up, what it was given up for.
  if ("previousErrors" in error && Array.isArray(error.previousErrors)) {
    const [first] = error.previousErrors as unknown[];
    if (first instanceof Error) return driverCode(first);
  }
  const phrase = PHRASES.find(([pattern]) => pattern.test(error.message));
  if (phrase !== undefined) return phrase[1];
  if (error.name === "ReplyError" || error.name === "ParserError")
    return /^[A-Z]+(?= |$)/.exec(error.message)?.[0] ?? "ERR";
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  if (code !== null && (SQLSTATE.test(code) || Object.hasOwn(KNOWN, code))) return code;
  const cause = error instanceof AggregateError ? error.errors[0] : error.cause;
  return cause instanceof Error ? driverCode(cause) : null;
}
