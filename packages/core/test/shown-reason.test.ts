import { describe, expect, test } from "vitest";
import { makeDescriber, NETWORK_FAILURES, RehomeError, shownReason } from "../src/index.js";

const describeFailure = makeDescriber("source", [NETWORK_FAILURES]);

describe("a reason that Rehome wrote", () => {
  test.each([
    "run 20260101-000000-aaaa has no chunk 7",
    "job stalled more than allowable limit",
    "a worker is connected to another source than the run's and refuses its chunks: check its SOURCE_URL",
  ])("is shown as it is: %s", (reason) => {
    expect(shownReason(reason)).toBe(reason);
  });

  test("of any server's failure is shown as it is", () => {
    for (const code of ["ENOTFOUND", "CERT_HAS_EXPIRED", "ECONNRESET", "EPERM"]) {
      const described = describeFailure(Object.assign(new Error("canary"), { code }));
      expect(described).toBeInstanceOf(RehomeError);
      const { message } = described as RehomeError;
      expect(message).not.toContain("canary");
      expect(shownReason(message)).toBe(message);
    }
  });
});

test("where it happened is left out, since it may be anything", () => {
  expect(shownReason("source: the connection was reset (ECONNRESET) at canary:5432/app")).toBe(
    "source: the connection was reset (ECONNRESET)",
  );
});

describe("any other reason", () => {
  test.each([
    "canary",
    "source: canary (42P01)",
    "source: a table is missing (42P01) canary",
    "source: a table is missing (canary)",
    "canary source: a table is missing (42P01)",
    "run canary has no chunk 7",
    "a table\nsource: a table is missing (42P01)",
    "SyntaxError: canary is not valid JSON",
    "CanaryError: x",
  ])("is not shown: %j", (reason) => {
    expect(shownReason(reason)).toMatch(/^a reason that is not shown here/);
  });

  test("of the language keeps its name alone", () => {
    expect(shownReason("TypeError: canary is not a function")).toBe(
      "an unexpected TypeError: the worker's log says more",
    );
  });
});
