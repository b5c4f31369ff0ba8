import { inspect } from "node:util";
import { RehomeError } from "@rehome/core";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { describeSourceFailure } from "../src/postgres/failure.js";

const CANARY = "canary-4b1f0c1e";

/** A server's error, as pg hands it on. */
function sqlError(code: string): Error {
  return Object.assign(new pg.DatabaseError(`duplicate key value ${CANARY}`, 1, "error"), {
    severity: "ERROR",
    code,
    detail: `Key (session_id)=(${CANARY}) already exists.`,
    where: `COPY user_sessions, line 1: "${CANARY}"`,
    internalQuery: `select '${CANARY}'`,
  });
}

function described(error: unknown): RehomeError {
  const result = describeSourceFailure(error);
  if (!(result instanceof RehomeError)) throw new Error("expected the error to be described");
  return result;
}

/** Everything a log, a job's record or a page could show of an error. */
function shown(error: Error): string {
  return [
    error.stack,
    JSON.stringify(error),
    inspect(error, { depth: null, showHidden: true }),
  ].join("\n");
}

describe("nothing of PostgreSQL's error is passed on but its code", () => {
  test.each([
    ["a row that breaks a constraint", sqlError("23505")],
    ["an error that may pass", sqlError("40001")],
    ["one that caused another", new Error(`params: ${CANARY}`, { cause: sqlError("22P02") })],
    ["one with a cause", Object.assign(sqlError("57014"), { cause: new Error(CANARY) })],
    ["one without a code", new pg.DatabaseError(CANARY, 1, "error")],
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
    "Connection terminated unexpectedly",
    "Connection terminated",
    "Connection terminated due to connection timeout",
    "Client was closed and is not queryable",
    "Client has encountered a connection error and is not queryable",
    "timeout exceeded when trying to connect",
    "timeout expired",
    "Query read timeout",
  ])("after a driver's own words: %s", (message) => {
    expect(described(new Error(message))).toMatchObject({ retryable: true });
  });

  test("after a network error", () => {
    const error = Object.assign(new Error("read"), { code: "ECONNRESET" });
    expect(described(error)).toMatchObject({ code: "source-ECONNRESET", unavailable: true });
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
    ["a statement that was cancelled", sqlError("57014")],
    ["a transaction rolled back", sqlError("40001")],
    ["a table that is missing", sqlError("42P01")],
    ["a limit that was exceeded", sqlError("53400")],
  ])("but not after %s", (_, error) => {
    expect(described(error).unavailable).toBe(false);
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

test("a description names the side, what is wrong, the code, and how to mend it", () => {
  const error = described(sqlError("42P01"));
  expect(error.message).toBe("source: a table is missing (42P01)");
  expect(error.hint).toContain("search_path");
  expect(described(sqlError("42501")).hint).toBe(
    "Grant the user SELECT on the tables of the store",
  );
});

test("an error about a file is none of PostgreSQL's, though its code has five capitals", () => {
  expect(described(Object.assign(new Error(CANARY), { code: "EPERM" })).message).toBe(
    "source: an unexpected failure (EPERM)",
  );
});
