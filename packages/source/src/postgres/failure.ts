import {
  AWAY,
  type FailureTable,
  type KnownFailure,
  LATER,
  makeDescriber,
  NETWORK_FAILURES,
  NEVER,
} from "@rehome/core";
import pg from "pg";

/** By SQLSTATE, or by its class: the first two or three characters. */
const CODES: Readonly<Record<string, KnownFailure>> = {
  "08": [AWAY, "connection-failed"],
  "25P03": [LATER, "transaction-idle"],
  "25P04": [LATER, "transaction-timeout"],
  "28": [NEVER, "login-refused", "Check the user and the password in the URL"],
  "3D000": [NEVER, "database-missing", "Check the name of the database in the URL"],
  "40": [LATER, "rolled-back"],
  "42501": [NEVER, "privilege-missing", "Grant the user SELECT on the tables of the store"],
  "42703": [NEVER, "column-missing", "Compare the tables with the reference schema"],
  "42P01": [NEVER, "table-missing", "Check the database and its search_path"],
  "53": [AWAY, "out-of-resource"],
  "53400": [NEVER, "limit-exceeded", "Raise it"],
  "55P03": [LATER, "lock-timeout"],
  "57014": [LATER, "cancelled"],
  "57P": [AWAY, "restarting"],
  "58": [LATER, "system-error"],
  // Of 42501, what is no matter of a missing grant.
  RLS: [
    NEVER,
    "rows-hidden",
    "Connect as a user with BYPASSRLS, or as the owner of the tables: ALTER ROLE … BYPASSRLS",
  ],
  // The driver's, which has no code for it.
  NOTLS: [NEVER, "tls-missing", "Ask for no TLS in the URL, or let the server offer it"],
};

/** What pg and its pool say without a code. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [
    /^Connection terminated|^Client was closed|^Client has encountered a connection error/i,
    "ECONNRESET",
  ],
  [/^timeout exceeded when trying to connect|^timeout expired|^Query read timeout/i, "ETIMEDOUT"],
  [/^There was an error establishing an SSL connection/, "EPROTO"],
  [/^The server does not support SSL|^Server does not support/i, "NOTLS"],
  [/^SASL: /, "28"],
];

/** With a digit, which every SQLSTATE has, and EPERM, EBUSY and their like do not. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** Where the server raised it: its message is in the server's language. */
function isByRowLevelSecurity(error: Error): boolean {
  return error instanceof pg.DatabaseError && error.routine === "check_enable_rls";
}

const POSTGRES_FAILURES: FailureTable = {
  codeOf: (error) => {
    const phrase = PHRASES.find(([pattern]) => pattern.test(error.message));
    if (phrase !== undefined) return phrase[1];
    if (isByRowLevelSecurity(error)) return "RLS";
    const code = "code" in error && typeof error.code === "string" ? error.code : "";
    return SQLSTATE.test(code) ? code : null;
  },
  lookUp: (code) => {
    if (Object.hasOwn(CODES, code)) return CODES[code];
    return SQLSTATE.test(code) ? (CODES[code.slice(0, 3)] ?? CODES[code.slice(0, 2)]) : undefined;
  },
  isDriverError: (error) => error instanceof pg.DatabaseError,
};

/** A driver's error in words fit to be shown; one of our own as it is. */
export const describeSourceFailure = makeDescriber("source", [POSTGRES_FAILURES, NETWORK_FAILURES]);
