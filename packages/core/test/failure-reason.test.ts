import { describe, expect, test } from "vitest";
import {
  makeDescriber,
  NETWORK_FAILURES,
  reasonOf,
  REDIS_FAILURES,
  RehomeError,
  showReason,
} from "../src/index.js";

const describeFailure = makeDescriber("target", [REDIS_FAILURES, NETWORK_FAILURES]);

function failed(code: string): RehomeError {
  return describeFailure(Object.assign(new Error("canary"), { code })) as RehomeError;
}

describe("the reason that is kept", () => {
  test.each(["ENOTFOUND", "CERT_HAS_EXPIRED", "ECONNRESET", "EPERM", "no code"])(
    "of a server's failure shows what its error said: %s",
    (code) => {
      const error = failed(code);
      expect(reasonOf(error)).not.toContain("canary");
      expect(showReason(reasonOf(error))).toBe(error.message);
    },
  );

  test("leaves out where it happened", () => {
    const error = failed("ECONNRESET").at("canary:5432/app", "Check the URL");
    expect(showReason(reasonOf(error))).toBe("target: the connection was reset (ECONNRESET)");
  });

  test("of a failure that Rehome finds itself is its code", () => {
    const error = new RehomeError("rejects-expired", "chunk 7 took so long");
    expect(reasonOf(error)).toBe("rejects-expired");
    expect(showReason(reasonOf(error))).toMatch(/rejects expired/);
  });

  test.each([
    [new TypeError("canary is not a function"), "an unexpected TypeError"],
    [new RangeError("canary"), "an unexpected RangeError"],
    [new SyntaxError("canary is not valid JSON"), "an unexpected Error"],
    [Object.assign(new Error("canary"), { name: "canary" }), "an unexpected Error"],
    ["canary", "an unexpected Error"],
  ])("of any other error is the language's name for it: %s", (error, shown) => {
    expect(showReason(reasonOf(error))).toBe(`${shown}: the worker's log says more`);
  });
});

describe("what was kept in no words of ours", () => {
  test.each([
    "",
    "canary",
    "target: the connection was reset (ECONNRESET)",
    "target-ECONNRESET",
    "target-ECONNRESET:canary",
    "target-canary:connection-reset",
    "canary-ECONNRESET:connection-reset",
    "target-ECONNRESET:connection-reset:canary",
    "target-ECONNRESET:constructor",
    "constructor",
    "job stalled more than allowable limit",
  ])("is not shown: %j", (kept) => {
    expect(showReason(kept)).toMatch(/^a reason that is not shown here/);
  });
});
