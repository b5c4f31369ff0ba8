import { inspect } from "node:util";
import type { RehomeError } from "@rehome/core";
import { describe, expect, test } from "vitest";
import { displayUrl, parseConnectionUrl } from "../src/index.js";
import { refusal } from "./refusal.js";

const SQL = ["postgres:", "postgresql:"] as const;

function refused(text: string | undefined): RehomeError {
  return refusal(() => parseConnectionUrl("SOURCE_URL", text, SQL));
}

describe("a connection URL", () => {
  test("is read with its user, password, host, port, database and options", () => {
    const url = parseConnectionUrl(
      "SOURCE_URL",
      "postgres://ann:p%40ss@db.example:5433/shop?sslmode=require",
      SQL,
    );
    expect(url).toMatchObject({
      username: "ann",
      password: "p%40ss",
      hostname: "db.example",
      port: "5433",
    });
    expect(url).toMatchObject({ pathname: "/shop", search: "?sslmode=require" });
  });

  test("may be of any of the protocols, and name neither user nor database", () => {
    expect(parseConnectionUrl("SOURCE_URL", "postgresql://localhost", SQL).hostname).toBe(
      "localhost",
    );
    expect(
      parseConnectionUrl("QUEUE_URL", "rediss://[::1]:6380/3", ["redis:", "rediss:"]).host,
    ).toBe("[::1]:6380");
  });

  test.each([undefined, "", "  \n"])(
    "that is missing (%j) is refused by its name, with an example",
    (text) => {
      expect(refused(text)).toMatchObject({ code: "missing-url", exitCode: 2, retryable: false });
      expect(refused(text).message).toBe("SOURCE_URL is not set");
      expect(refused(text).hint).toContain("SOURCE_URL=postgres://");
    },
  );

  test.each([
    ["of another protocol", "redis://canary:canary@localhost/0"],
    ["a web address", "https://canary:canary@localhost"],
    ["without a protocol", "canary:canary@localhost/shop"],
    ["without slashes", "postgres:canary@localhost"],
    ["without a host", "postgres:///canary"],
    ["without a host but with a user", "postgres://canary:canary@/shop"],
    ["with an impossible port", "postgres://canary:canary@localhost:99999/shop"],
    ["with a password that has a slash", "postgres://ann:canary/canary@localhost/shop"],
    ["with a password of digits and a slash", "postgres://ann:123/canary@localhost/shop"],
    ["with a password of digits and a number sign", "postgres://ann:123#canary@localhost/shop"],
    ["with a password of digits and a question mark", "postgres://ann:123?canary@localhost/shop"],
    [
      "with a password that has an at sign and a slash",
      "postgres://ann:p@canary/canary@localhost/shop",
    ],
    ["of blanks and words", "host=localhost password=canary"],
  ])("%s is refused without being quoted", (_, text) => {
    const error = refused(text);
    expect(error).toMatchObject({ code: "malformed-url", exitCode: 2, retryable: false });
    expect(error.message).toContain("SOURCE_URL");
    expect(error.hint).toContain("percent-encoded");
    expect(error.cause).toBeUndefined();
    const shown = [
      error.message,
      error.hint,
      error.stack,
      JSON.stringify(error),
      inspect(error, { depth: null }),
    ];
    expect(shown.join()).not.toContain("canary");
    expect(shown.join()).not.toContain("123");
  });
});

describe("what is shown of a connection URL", () => {
  test("is its host, port and database", () => {
    expect(displayUrl(new URL("postgres://db.example:5433/shop"))).toBe(
      "postgres://db.example:5433/shop",
    );
    expect(displayUrl(new URL("redis://localhost:6379"))).toBe("redis://localhost:6379");
  });

  test.each([
    "postgres://canary:canary@localhost:5432/shop",
    "postgres://canary@localhost:5432/shop",
    "postgres://localhost:5432/shop?user=canary&password=canary",
    "postgres://ann:can%40ary@localhost:5432/shop#canary",
  ])("never holds a user, a password or an option: %s", (text) => {
    expect(displayUrl(parseConnectionUrl("SOURCE_URL", text, SQL))).toBe(
      "postgres://localhost:5432/shop",
    );
  });
});
