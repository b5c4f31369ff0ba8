import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  describeError,
  makeDescriber,
  NETWORK_FAILURES,
  REDIS_FAILURES,
  RehomeError,
} from "../src/index.js";

const CANARY = "canary-4b1f0c1e";

const describeFailure = makeDescriber("queue", [REDIS_FAILURES, NETWORK_FAILURES]);

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

/** An error of a driver for which there is no table: mysql2's of a column that is missing. */
function foreignError(): Error {
  return Object.assign(new Error(`Unknown column '${CANARY}' in 'where clause'`), {
    code: "ER_BAD_FIELD_ERROR",
    errno: 1054,
    sqlState: "42S22",
    sqlMessage: `Unknown column '${CANARY}' in 'where clause'`,
    sql: `SELECT * FROM user_sessions WHERE session_id = '${CANARY}'`,
  });
}

function described(error: unknown): RehomeError {
  const result = describeFailure(error);
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
    ["a command that failed in words no table knows", replyError(`new words: ${CANARY}`, "Error")],
    ["a network error", nodeError("ECONNRESET")],
    ["a driver's error that no table knows", foreignError()],
    ["an error caused by one", new Error(`params: ${CANARY}`, { cause: foreignError() })],
    ["a programmer's mistake caused by one", new TypeError(CANARY, { cause: foreignError() })],
    ["several errors, the first unknown", new AggregateError([foreignError()], CANARY)],
    ["an error caused by a known one", new Error(CANARY, { cause: nodeError("ECONNRESET") })],
    ["several errors, the first known", new AggregateError([nodeError("ECONNREFUSED")], CANARY)],
    ["one of Node's that quotes what it was given", nodeError("ERR_INVALID_ARG_TYPE")],
    ["one whose code is a text of the server's", nodeError(`ER ${CANARY}`)],
  ])("%s", (_, error) => {
    expect(shown(error)).toContain(CANARY);
    expect(shown(described(error))).not.toContain(CANARY);
  });
});

describe("a failure that no table knows", () => {
  test("is an unexpected one, with its code where that is shaped like one", () => {
    expect(described(foreignError())).toMatchObject({
      code: "queue-ER_BAD_FIELD_ERROR",
      message: "queue: an unexpected failure (ER_BAD_FIELD_ERROR)",
      meaning: "unexpected",
    });
    expect(described(nodeError("new code"))).toMatchObject({
      code: "queue-unexpected",
      message: "queue: an unexpected failure",
    });
    expect(described(nodeError("constructor")).code).toBe("queue-unexpected");
  });

  test("uses up an attempt and is not waited for", () => {
    expect(described(foreignError())).toMatchObject({ retryable: true, unavailable: false });
  });

  test("is logged with where in the code it happened, and nothing else", () => {
    const error = foreignError();
    const { stack } = describeError(described(error));
    expect(stack).toBe(error.stack?.slice(error.stack.indexOf("\n    at ") + 1));
  });

  test("may mean something else to an adapter", () => {
    const describeOther = makeDescriber(
      "target",
      [NETWORK_FAILURES],
      [{ retryable: true, unavailable: true }, "connection-failed"],
    );
    expect(describeOther(foreignError())).toMatchObject({
      message: "target: the connection failed (ER_BAD_FIELD_ERROR)",
      unavailable: true,
    });
  });
});

describe("trying again later can help", () => {
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
    expect(described(error)).toMatchObject({ code: `queue-${word}`, retryable: true });
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
    expect(described(nodeError(code))).toMatchObject({ code: `queue-${code}`, retryable: true });
  });

  test.each([
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
    expect(described(replyError("ERR max number of clients reached")).retryable).toBe(true);
  });
});

describe("waiting is all there is to do", () => {
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
    expect(described(replyError(`${word} of the server's`)).unavailable).toBe(true);
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
    expect(described(error)).toMatchObject({ code: "queue-OOM", unavailable: true });
  });

  test("after a script of Redis 6 or older was stopped for want of memory", () => {
    const error = replyError(
      "ERR Error running script (call to f_0): @user_script:1: @user_script: 1: -OOM command not allowed",
    );
    expect(described(error)).toMatchObject({ code: "queue-OOM", unavailable: true });
  });

  test.each([
    ["a reply that cannot be read", replyError("Protocol error", "ParserError")],
    ["a permission that is missing", replyError("NOPERM this user")],
  ])("but not after %s", (_, error) => {
    expect(described(error).unavailable).toBe(false);
  });

  test("also once it is said where, with a hint where there was none", () => {
    expect(described(nodeError("ECONNRESET")).at("host:1", "Check the URL")).toMatchObject({
      message: "queue: the connection was reset (ECONNRESET) at host:1",
      hint: "Check the URL",
      unavailable: true,
      retryable: true,
      meaning: "connection-reset",
    });
  });
});

describe("trying again later cannot help", () => {
  test.each([
    "NOAUTH",
    "WRONGPASS",
    "NOPERM",
    "WRONGTYPE",
    "TOOLONG",
    "ERR",
    "NOSCRIPT",
    "BUSYKEY",
    "EXECABORT",
    "MOVED",
  ])("after Redis' %s", (word) => {
    const error = replyError(`${word} something of the server's`);
    expect(described(error)).toMatchObject({ code: `queue-${word}`, retryable: false });
  });
});

describe("a description", () => {
  test("names the command that was refused, and none of its arguments", () => {
    const error = Object.assign(replyError(`ERR unknown command 'UNLINK', with ${CANARY}`), {
      command: { name: "unlink", args: [CANARY] },
    });
    expect(described(error)).toMatchObject({
      code: "queue-ERR",
      message: "queue: the server refused UNLINK (ERR)",
      hint: expect.stringContaining("UNLINK"),
    });
    expect(shown(described(error))).not.toContain(CANARY);
    const odd = Object.assign(replyError("ERR"), { command: { name: `${CANARY}\n`, args: [] } });
    expect(described(odd).message).toBe("queue: the server refused a command (ERR)");
  });

  test("names the side, what is wrong, the code, and how to mend it", () => {
    expect(described(nodeError("ECONNREFUSED"))).toMatchObject({
      message: "queue: nothing listens there (ECONNREFUSED)",
      hint: expect.stringContaining("port"),
    });
  });

  test("takes the code of the innermost driver's error", () => {
    const error = new Error("outer", { cause: new Error("inner", { cause: nodeError("EPIPE") }) });
    expect(described(error).code).toBe("queue-EPIPE");
    expect(described(new AggregateError([nodeError("ENOTFOUND"), nodeError("EPIPE")])).code).toBe(
      "queue-ENOTFOUND",
    );
  });

  test("makes no code of a word that only begins in capitals", () => {
    expect(described(replyError("Protected mode is on")).code).toBe("queue-ERR");
  });
});

describe("an error of our own code is returned as it is", () => {
  test.each([
    ["one of ours", new RehomeError("wrong-phase", "the run is cancelled")],
    [
      "one of ours with a driver's for a cause",
      new RehomeError("x", "y", { cause: nodeError("EPIPE") }),
    ],
    ["a programmer's mistake", new TypeError("x is not a function")],
    ["a number out of its range", new RangeError("Invalid array length")],
    ["one without a code", new Error("boom")],
    ["one whose code is a number", Object.assign(new Error("boom"), { code: 40001 })],
    [
      "an aborted operation",
      Object.assign(new Error("The operation was aborted"), { name: "AbortError" }),
    ],
    ["what a signal was aborted with", AbortSignal.abort().reason],
    ["a timer that was aborted", Object.assign(new Error("aborted"), { code: "ABORT_ERR" })],
    ["one with causes that are none either", new Error("outer", { cause: new Error("inner") })],
    ["several that are none either", new AggregateError([new Error("a")])],
    ["a text that was thrown", "boom"],
    ["nothing that was thrown", undefined],
  ])("%s", (_, error) => {
    expect(describeFailure(error)).toBe(error);
  });
});
