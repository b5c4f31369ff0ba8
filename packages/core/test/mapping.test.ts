import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  completeMappingSchema,
  type Mapping,
  mappingMistakes,
  mappingSchema,
  nullText,
  renamed,
} from "../src/index.js";
import { anyMapping } from "./arbitrary-session.js";
import { mappingOf } from "./example-mapping.js";
import { mappingWith } from "./example-session.js";
import { referenceStore } from "./resolved-store.js";
import { seed } from "./seed.js";

const defaultMapping = mappingOf(referenceStore);

/** Where the schema finds fault, as a user would look for it in the config file; an unknown key is part of the path. */
function faults(input: unknown): string[] {
  const result = mappingSchema.safeParse(input);
  if (result.success)
    return mistakes(result.data as Partial<Mapping>).map(({ path }) => path.join("."));
  return result.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => [...issue.path, key].join("."))
      : [issue.path.join(".")],
  );
}

function mistakes(options: Partial<Mapping>, store = referenceStore) {
  return mappingMistakes(store, mappingOf(store, options));
}

describe("defaults", () => {
  test("are the first of each of the contract's options", () => {
    const { maxSessionBytes, ...mapping } = defaultMapping;
    expect(mapping).toStrictEqual({
      timestamps: "iso",
      booleans: "true/false",
      nulls: "omit",
      attributes: "fields",
      renames: {},
      keyPrefix: "session:",
      includeExpiresAt: false,
    });
    expect(maxSessionBytes).toBeGreaterThan(0);
    expect(maxSessionBytes).toBeLessThanOrEqual(512 * 1024 * 1024);
  });

  test("fill in only what was not given", () => {
    expect(mappingOf(referenceStore, { booleans: "1/0" })).toStrictEqual({
      ...defaultMapping,
      booleans: "1/0",
    });
  });
});

test("a mapping frozen into a run as JSON comes back as it was", () => {
  fc.assert(
    fc.property(anyMapping, (mapping) => {
      fc.pre(!Object.hasOwn(mapping.renames, "__proto__"));
      expect(completeMappingSchema.parse(JSON.parse(JSON.stringify(mapping)))).toStrictEqual(
        mapping,
      );
    }),
    { seed, numRuns: 300 },
  );
});

describe("a mistake is named by its path", () => {
  test.each([
    [{ timestamp: "iso" }, "timestamp"],
    [{ nulls: { placeholder: "-", text: "-" } }, "nulls.text"],
    [{ timestamps: "unix" }, "timestamps"],
    [{ timestamps: null }, "timestamps"],
    [{ booleans: "yes/no" }, "booleans"],
    [{ booleans: true }, "booleans"],
    [{ nulls: "null" }, "nulls"],
    [{ nulls: { placeholder: 0 } }, "nulls"],
    [{ attributes: "hash" }, "attributes"],
    [{ renames: ["user_id"] }, "renames"],
    [{ renames: { user_id: 7 } }, "renames.user_id"],
    [{ keyPrefix: "" }, "keyPrefix"],
    [{ keyPrefix: 1 }, "keyPrefix"],
    [{ includeExpiresAt: "yes" }, "includeExpiresAt"],
    [{ maxSessionBytes: 0 }, "maxSessionBytes"],
    [{ maxSessionBytes: 1.5 }, "maxSessionBytes"],
    [{ maxSessionBytes: 512 * 1024 * 1024 + 1 }, "maxSessionBytes"],
  ])("%j", (input, path) => {
    expect(faults(input)).toStrictEqual([path]);
  });

  test("and every mistake is named at once", () => {
    expect(faults({ booleans: 1, nulls: 2, prefix: 3 }).toSorted()).toStrictEqual([
      "booleans",
      "nulls",
      "prefix",
    ]);
  });
});

describe("a rename is refused", () => {
  test("when two core fields would meet, at the path of the rename that makes them", () => {
    expect(faults({ renames: { user_id: "username" } })).toStrictEqual(["renames.user_id"]);
    expect(faults({ renames: { username: "user_id" } })).toStrictEqual(["renames.username"]);
    expect(faults({ renames: { theme: "x", language: "x" } })).toStrictEqual(["renames.language"]);
  });

  test("when a core field would meet one that only an option adds", () => {
    const toExpiry = { renames: { theme: "expires_at" } };
    expect(faults(toExpiry)).toStrictEqual([]);
    expect(faults({ ...toExpiry, includeExpiresAt: true })).toStrictEqual(["renames.theme"]);
    const toAttributes = { renames: { theme: "session_specific_attributes" } };
    expect(faults(toAttributes)).toStrictEqual([]);
    expect(faults({ ...toAttributes, attributes: "json" })).toStrictEqual(["renames.theme"]);
  });

  test("when its key is one that parsing would silently drop", () => {
    expect(faults(JSON.parse('{"renames":{"__proto__":"proto","a":"b"}}'))).toStrictEqual([
      "renames",
    ]);
  });

  test("but not when core fields change places, nor for what attributes are called", () => {
    expect(faults({ renames: { user_id: "username", username: "user_id" } })).toStrictEqual([]);
    expect(
      faults({ renames: { cart_json: "user_id", other: "cart_json", a: "x", b: "x" } }),
    ).toStrictEqual([]);
  });
});

test("a name is renamed by the mapping's own entries, not by what every object inherits", () => {
  expect(renamed({ a: "b", b: "c" }, "a")).toBe("b");
  expect(renamed({ a: "" }, "a")).toBe("");
  for (const name of ["constructor", "__proto__", "toString", ""])
    expect(renamed({ a: "b" }, name)).toBe(name);
});

test("a null is left out, empty, or the placeholder, which may be empty too", () => {
  expect(nullText(mappingWith({ nulls: "omit" }))).toBeNull();
  expect(nullText(mappingWith({ nulls: "empty" }))).toBe("");
  expect(nullText(mappingWith({ nulls: { placeholder: "NULL" } }))).toBe("NULL");
  expect(nullText(mappingWith({ nulls: { placeholder: "" } }))).toBe("");
});
