import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTableName, parseTableName } from "../src/index.js";
import { seed } from "./seed.js";

describe("a table's name", () => {
  test.each([
    ["sessions", null, "sessions"],
    ["Sessions", null, "Sessions"],
    ["auth.login", "auth", "login"],
    ['"we.ird"', null, "we.ird"],
    ['"a.b"."c"', "a.b", "c"],
    ['auth."say ""hi"""', "auth", 'say "hi"'],
    ["with space", null, "with space"],
    ["séances", null, "séances"],
  ])("is taken as it is written: %s", (text, schema, table) => {
    expect(parseTableName(text)).toStrictEqual({ schema, table });
  });

  test.each([
    "",
    ".",
    "a.",
    ".a",
    "a.b.c",
    '""',
    '"a',
    'a"',
    '"a"b',
    'a."b',
    '"a""',
    '"a"."b"."c"',
  ])("is none: %j", (text) => {
    expect(parseTableName(text)).toBeNull();
  });

  test("is read as it was written, whatever the database calls its tables", () => {
    const part = fc.string({ unit: "binary", minLength: 1, maxLength: 10 });
    const awkward = fc.oneof(part, fc.constantFrom('"', ".", '""', '."', "a.b", "\n", " "));
    fc.assert(
      fc.property(fc.option(awkward), awkward, (schema, table) => {
        expect(parseTableName(formatTableName({ schema, table }))).toStrictEqual({ schema, table });
      }),
      { seed, numRuns: 500 },
    );
  });

  test("stands in quotes only where it must", () => {
    expect(formatTableName({ schema: "auth", table: "Login" })).toBe("auth.Login");
    expect(formatTableName({ schema: null, table: "a.b" })).toBe('"a.b"');
  });
});
