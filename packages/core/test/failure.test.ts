import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { describeFailure, RehomeError, type Side } from "../src/index.js";

const CANARY = "canary-4b1f0c1e";

/** PostgreSQL's errors, as the driver hands them on. */
function sqlError(code: string): Error {
  return Object.assign(new Error(`duplicate key value ${CANARY}`), {
    name: "error",
    severity: "ERROR",
    code,
    detail: `Key (session_id)=(${CANARY}) already exists.`,
    where: `COPY user_sessions, line 1: "${CANARY}"`,
    internalQuery: `select '${CANARY}'`,
  });
}

/** Redis' errors, as the driver hands them on. */
function replyError(message: string, name = "ReplyError"): Error {
  const error = Object.assign(new Error(message), {
    command: { name: "hset", args: [`session:${CANARY}`, CANARY] },
  });
  Object.defineProperty(error, "name", { value: name });
  return error;
}

function nodeError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 192.0.2.7:6379 ${CANARY}`), {
    code,
    errno: -1,
    syscall: "connect",
  });
}

function described(error: unknown, side: Side = "source"): RehomeError {
  const result = describeFailure(side, error);
  if (!(result instanceof RehomeError)) throw new Error("expected the error to be described");
  return result;
}

/** Everything a log, a job's record or a page could show of an error. */
function shown(error: Error): string {
  const own = Object.fromEntries(
    Reflect.ownKeys(error).map((key) => [key, Reflect.get(error, key)]),
  );
  return [
    String(error),
    error.message,
    error.stack,
    JSON.stringify(error),
    JSON.stringify(own),
    inspect(error, { depth: null, showHidden: true }),
  ].join("\n");
}

describe("nothing of a driver's error is passed on but its code", () => {
  test.each([
    ["a PostgreSQL error", sqlError("23505")],
    ["a PostgreSQL error that may pass", sqlError("40001")],
    ["a Redis error", replyError(`WRONGTYPE Operation against ${CANARY}`)],
    ["a Redis error without a word of its own", replyError(`user_script:1: ${CANARY}`)],
    ["a Redis error of a script", replyError(`ERR user_script:1: ${CANARY} script: 4119`)],
    ["a reply that cannot be read", replyError(`Protocol error, got "${CANARY}"`, "ParserError")],
    ["a reply nobody waited for", new Error(`Command queue state error. Last reply: ${CANARY}`)],
    [
      "a command cut off by a closed connection",
      replyError("Command aborted due to connection close", "AbortError"),
    ],
    ["a command that timed out", replyError("Command timed out", "Error")],
    ["a network error", nodeError("ECONNRESET")],
    ["an error caused by a driver's", new Error(`params: ${CANARY}`, { cause: sqlError("22P02") })],
    [
      "several errors, the first a driver's",
      new AggregateError([nodeError("ECONNREFUSED")], CANARY),
    ],
    [
      "a driver's error with a cause",
      Object.assign(sqlError("57014"), { cause: new Error(CANARY) }),
    ],
  ])("%s", (_, error) => {
    expect(shown(error)).toContain(CANARY);
    expect(shown(described(error))).not.toContain(CANARY);
  });
});

describe("trying again later can help", () => {
  test.each([
    ["08006", "connection failure"],
    ["08P01", "protocol violation"],
    ["25P03", "idle in transaction"],
    ["25P04", "transaction timeout"],
    ["40001", "serialization failure"],
    ["40P01", "deadlock"],
    ["53200", "out of memory"],
    ["53300", "too many connections"],
    ["55P03", "lock not available"],
    ["57014", "query cancelled, by a timeout or a conflict with recovery"],
    ["57P01", "administrator shut the server down"],
    ["57P03", "cannot connect now"],
    ["58030", "I/O error"],
  ])("after SQLSTATE %s, %s", (code) => {
    expect(described(sqlError(code))).toMatchObject({
      code: `source-${code}`,
      retryable: true,
      exitCode: 1,
    });
  });

  test.each([
    "LOADING",
    "MISCONF",
    "BUSY",
    "CLUSTERDOWN",
    "MASTERDOWN",
    "NOREPLICAS",
    "READONLY",
    "TRYAGAIN",
    "OOM",
  ])("after Redis' %s", (word) => {
    const error = replyError(`${word} something of the server's`);
    expect(described(error, "target")).toMatchObject({ code: `target-${word}`, retryable: true });
  });

  test.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOTFOUND",
    "EAI_AGAIN",
  ])("after Node's %s", (code) => {
    expect(described(nodeError(code), "queue")).toMatchObject({
      code: `queue-${code}`,
      retryable: true,
    });
  });

  test.each([
    "Connection terminated unexpectedly",
    "Connection terminated",
    "Connection terminated due to connection timeout",
    "Client was closed and is not queryable",
    "Client has encountered a connection error and is not queryable",
    "timeout exceeded when trying to connect",
    "timeout expired",
    "Query read timeout",
    "Connection is closed.",
    "Command timed out",
    "Command aborted due to connection close",
    "Socket timeout. Expecting data, but didn't receive any in 1000ms.",
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Reached the max retries per request limit (which is 20). Refer to "maxRetriesPerRequest" option for details.',
  ])("after a driver's own words: %s", (message) => {
    expect(described(new Error(message))).toMatchObject({ retryable: true });
  });

  test("after Redis took no more clients, though it has no word for that", () => {
    expect(described(replyError("ERR max number of clients reached"), "target").retryable).toBe(
      true,
    );
  });
});

describe("waiting is all there is to do", () => {
  test.each(["08006", "53100", "53200", "53300", "57P01", "57P02", "57P03"])(
    "after SQLSTATE %s",
    (code) => {
      expect(described(sqlError(code))).toMatchObject({ retryable: true, unavailable: true });
    },
  );

  test.each([
    "LOADING",
    "MISCONF",
    "BUSY",
    "CLUSTERDOWN",
    "MASTERDOWN",
    "NOREPLICAS",
    "READONLY",
    "OOM",
  ])("after Redis' %s", (word) => {
    expect(described(replyError(`${word} of the server's`), "target").unavailable).toBe(true);
  });

  test.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENOTFOUND",
    "EPROTO",
    "EADDRNOTAVAIL",
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ])("after Node's %s", (code) => {
    expect(described(nodeError(code)).unavailable).toBe(true);
  });

  test("after a transaction of Redis' that was given up for want of memory", () => {
    const error = Object.assign(replyError("EXECABORT Transaction discarded"), {
      previousErrors: [replyError("OOM command not allowed")],
    });
    expect(described(error, "queue")).toMatchObject({ code: "queue-OOM", unavailable: true });
  });

  test.each([
    ["a statement that was cancelled", sqlError("57014")],
    ["a transaction rolled back", sqlError("40001")],
    ["a table that is missing", sqlError("42P01")],
    ["a limit that was exceeded", sqlError("53400")],
    ["a reply that cannot be read", replyError("Protocol error", "ParserError")],
    ["a permission that is missing", replyError("NOPERM this user")],
  ])("but not after %s", (_, error) => {
    expect(described(error).unavailable).toBe(false);
  });

  test("also once it is said where, with a hint where there was none", () => {
    expect(described(nodeError("ECONNRESET")).at("host:1", "Check the URL")).toMatchObject({
      message: "source: the connection was reset (ECONNRESET) at host:1",
      hint: "Check the URL",
      unavailable: true,
      retryable: true,
    });
  });
});

describe("trying again later cannot help", () => {
  test.each([
    ["22P02", "invalid text"],
    ["23505", "unique violation"],
    ["25006", "read-only transaction"],
    ["28P01", "wrong password"],
    ["28000", "no entry for the user"],
    ["3D000", "no such database"],
    ["42501", "no privilege"],
    ["42601", "syntax error"],
    ["42703", "no such column"],
    ["42P01", "no such table"],
    ["55000", "object not in the state it should be in"],
    ["XX000", "internal error"],
  ])("after SQLSTATE %s, %s", (code) => {
    expect(described(sqlError(code))).toMatchObject({
      code: `source-${code}`,
      retryable: false,
      exitCode: 1,
    });
  });

  test.each([
    "NOAUTH",
    "WRONGPASS",
    "NOPERM",
    "WRONGTYPE",
    "ERR",
    "NOSCRIPT",
    "BUSYKEY",
    "EXECABORT",
    "MOVED",
  ])("after Redis' %s", (word) => {
    const error = replyError(`${word} something of the server's`);
    expect(described(error, "target")).toMatchObject({ code: `target-${word}`, retryable: false });
  });

  test("when the server wants a password and the URL has none", () => {
    const error = new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string");
    expect(described(error)).toMatchObject({
      retryable: false,
      hint: expect.stringContaining("password"),
    });
  });

  test("when the server has no TLS, which is not said to be the password's fault", () => {
    const error = described(new Error("The server does not support SSL connections"));
    expect(error.retryable).toBe(false);
    expect(`${error.message} ${error.hint}`).toMatch(/TLS/);
    expect(`${error.message} ${error.hint}`).not.toMatch(/password/);
  });
});

describe("a description", () => {
  test("names the side, what is wrong, the code, and how to mend it", () => {
    const error = described(sqlError("42P01"));
    expect(error.message).toBe("source: a table is missing (42P01)");
    expect(error.hint).toContain("search_path");
    expect(described(nodeError("ECONNREFUSED"), "target").message).toMatch(
      /^target: .*ECONNREFUSED/,
    );
  });

  test("takes the code of the innermost driver's error", () => {
    const error = new Error("outer", { cause: new Error("inner", { cause: sqlError("40001") }) });
    expect(described(error).code).toBe("source-40001");
    expect(described(new AggregateError([nodeError("ENOTFOUND"), nodeError("EPIPE")])).code).toBe(
      "source-ENOTFOUND",
    );
  });

  test("makes no code of a word that only begins in capitals", () => {
    expect(described(replyError("Protected mode is on")).code).toBe("source-ERR");
  });
});

describe("an error that is no driver's is returned as it is", () => {
  test.each([
    ["one of ours", new RehomeError("wrong-phase", "the run is cancelled")],
    [
      "one of ours with a driver's for a cause",
      new RehomeError("x", "y", { cause: sqlError("40001") }),
    ],
    ["a programmer's mistake", new TypeError("x is not a function")],
    ["one without a code", new Error("boom")],
    ["one whose code is a number", Object.assign(new Error("boom"), { code: 40001 })],
    [
      "one of Node's that is not about a connection",
      Object.assign(new Error("boom"), { code: "ERR_INVALID_ARG_TYPE" }),
    ],
    [
      "one about a file, with five capitals for a code",
      Object.assign(new Error("boom"), { code: "EPERM" }),
    ],
    [
      "one whose code every object inherits",
      Object.assign(new Error("boom"), { code: "constructor" }),
    ],
    [
      "an aborted operation",
      Object.assign(new Error("The operation was aborted"), { name: "AbortError" }),
    ],
    ["one with causes that are none either", new Error("outer", { cause: new Error("inner") })],
    ["several that are none either", new AggregateError([new Error("a")])],
    ["a text that was thrown", "boom"],
    ["nothing that was thrown", undefined],
  ])("%s", (_, error) => {
    expect(describeFailure("queue", error)).toBe(error);
  });
});
