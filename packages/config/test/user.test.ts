import { RehomeError } from "@rehome/core";
import { describe, expect, test } from "vitest";
import { parseConfig, parseUsers } from "../src/index.js";
import { refusal } from "./refusal.js";

const HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA+/";

describe("users", () => {
  test("of the environment are name:role:hash, with white space between two", () => {
    expect(parseUsers(`ada:operator:${HASH}\n  bob@example.com:viewer:${HASH} `)).toEqual([
      { name: "ada", role: "operator", passwordHash: HASH },
      { name: "bob@example.com", role: "viewer", passwordHash: HASH },
    ]);
    expect(parseUsers(" \n")).toEqual([]);
  });

  test("are the same in a config file", () => {
    const users = [{ name: "ada", role: "operator", passwordHash: HASH }];
    expect(parseConfig("f", { users }).users).toEqual(users);
  });

  test.each([
    ["canary", /user 1: role must be one of viewer, operator/],
    [`ada:admin:${HASH}`, /user 1: role must be/],
    ["ada:viewer:canary", /user 1: passwordHash must be an argon2id hash/],
    [`ada:viewer:${HASH.replace("argon2id", "argon2i")}`, /argon2id hash/],
    [`ada:viewer:${HASH} a/b:viewer:${HASH}`, /user 2: name must be/],
    [`ada:viewer:${HASH} ada:operator:${HASH}`, /must not name a user twice/],
  ])("that are wrong are refused without being quoted: %s", (text, says) => {
    const error = refusal(() => parseUsers(text));
    expect(error).toBeInstanceOf(RehomeError);
    expect(error).toMatchObject({ code: "bad-users", exitCode: 2 });
    expect(error.message).toMatch(says);
    expect(error.message).not.toMatch(/canary|saltsalt|c2Fsd/);
  });

  test("of a config file are refused by their path", () => {
    const parse = (user: unknown) => refusal(() => parseConfig("f", { users: [user] })).message;
    expect(parse({ name: "ada", role: "root", passwordHash: HASH })).toMatch(
      /^f: users\[0\]\.role: must be one of/,
    );
    expect(parse({ name: "ada", role: "viewer", password: "canary" })).toMatch(
      /users\[0\]\.password: unknown \(there are: name, role, passwordHash\)/,
    );
  });
});
