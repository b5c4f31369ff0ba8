import { describe, expect, test } from "vitest";
import {
  collidingNames,
  type Mapping,
  mappingMistakes,
  type ResolvedStore,
  type StoreDescription,
} from "../src/index.js";
import { fixedFields } from "../src/fixed-fields.js";
import { mappingOf } from "./example-mapping.js";
import { referenceStore, resolveDescription } from "./resolved-store.js";

const sessions = { table: "t", id: "id", expires: "until" };
const ATTRIBUTES = { table: "a", session: "s", name: "n", value: "v" };

function storeOf(fields: readonly string[], more: Partial<StoreDescription> = {}): ResolvedStore {
  const columns = Object.fromEntries(fields.map((field, i) => [field, `c${i}`]));
  return resolveDescription({ sessions: { ...sessions, fields: columns }, ...more });
}

function mistakes(store: ResolvedStore, options: Partial<Mapping>): string[] {
  return mappingMistakes(store, mappingOf(store, options)).map(
    ({ path, message }) => `${path.join("/")}: ${message}`,
  );
}

test("the fixed fields are the store's, and those an option adds", () => {
  const core = fixedFields(referenceStore, mappingOf(referenceStore));
  expect(core).toHaveLength(10);
  expect(fixedFields(referenceStore, { attributes: "json", includeExpiresAt: true })).toStrictEqual(
    [...core, "expires_at", "session_specific_attributes"],
  );
  expect(
    fixedFields(storeOf(["a"]), { attributes: "json", includeExpiresAt: false }),
  ).toStrictEqual(["a"]);
});

describe("two fields of one name", () => {
  test("are named by the rename that makes them meet", () => {
    expect(mistakes(referenceStore, { renames: { user_id: "email" } })).toStrictEqual([
      "renames/user_id: email and user_id would both be named email",
    ]);
  });

  test("are the option's that adds one the store has already: one rename would rename both", () => {
    const named = ["expires_at", "session_specific_attributes"];
    const store = storeOf(named, { attributes: ATTRIBUTES });
    expect(mistakes(store, {})).toStrictEqual([]);
    expect(mistakes(store, { includeExpiresAt: true, attributes: "json" })).toStrictEqual([
      "includeExpiresAt: would add expires_at, which is a field of the store",
      "attributes: would add session_specific_attributes, which is a field of the store",
    ]);
  });
});

describe("in JSON", () => {
  const store = storeOf(["user.id", "last", "b"], { value: "json", attributes: ATTRIBUTES });

  test("no rename puts a field within another, from either side", () => {
    expect(mistakes(store, { renames: { last: "b.last" } })).toStrictEqual([
      "renames/last: b.last cannot be within b, which is a field itself",
    ]);
    expect(mistakes(store, { renames: { last: "user" } })).toStrictEqual([
      "renames/last: user.id cannot be within user, which is a field itself",
    ]);
    expect(mistakes(store, { renames: { last: "user.last", b: "user.b.c" } })).toStrictEqual([]);
  });

  test("no option does", () => {
    const nested = storeOf(["expires_at.iso", "session_specific_attributes.n"], {
      value: "json",
      attributes: ATTRIBUTES,
    });
    expect(mistakes(nested, { includeExpiresAt: true, attributes: "json" })).toStrictEqual([
      "renames/expires_at.iso: expires_at.iso cannot be within expires_at, which is a field itself",
      "renames/session_specific_attributes.n: session_specific_attributes.n cannot be within session_specific_attributes, which is a field itself",
    ]);
  });

  test("no name has an empty part", () => {
    expect(mistakes(store, { renames: { last: "a..b" } })).toStrictEqual([
      "renames/last: a..b has an empty part before or after a dot",
    ]);
  });

  test("nulls and booleans are its own", () => {
    expect(mistakes(store, { nulls: "empty", booleans: "1/0" })).toStrictEqual([
      "booleans: must be left out: JSON has its own",
      "nulls: must be left out: JSON has its own",
    ]);
  });
});

test("a string of one column leaves nothing to say but the prefix and the size", () => {
  const store = resolveDescription({ sessions, value: { string: "v" } });
  const options: Partial<Mapping> = {
    timestamps: "epoch-seconds",
    booleans: "1/0",
    nulls: { placeholder: "" },
    attributes: "json",
    renames: { a: "b" },
    includeExpiresAt: true,
  };
  const paths = mappingMistakes(store, mappingOf(store, options)).map(({ path }) => path.join());
  expect(paths.toSorted()).toStrictEqual(Object.keys(options).toSorted());
  expect(mistakes(store, { keyPrefix: "p:", maxSessionBytes: 9 })).toStrictEqual([]);
});

describe("the names an attribute may not have", () => {
  const colliding = (store: ResolvedStore, options: Partial<Mapping>) =>
    collidingNames(store, mappingOf(store, options));

  test("are those of the fields, and what a rename makes of others", () => {
    const store = storeOf(["a", "b"], { attributes: ATTRIBUTES });
    expect(colliding(store, {})).toStrictEqual(["a", "b"]);
    expect(colliding(store, { renames: { x: "a", a: "y" } }).toSorted()).toStrictEqual(
      ["a", "b", "y"].toSorted(),
    );
    expect(colliding(store, { renames: { x: "b" } })).toStrictEqual(["a", "b", "x"]);
  });

  test("are told without the store's prefix", () => {
    const store = storeOf(["attr:a", "b"], { attributes: { ...ATTRIBUTES, prefix: "attr:" } });
    expect(colliding(store, { renames: { "attr:x": "b" } })).toStrictEqual(["a", "x"]);
  });

  test("are the outermost of nested ones in JSON", () => {
    const store = storeOf(["user.id", "b"], { value: "json", attributes: ATTRIBUTES });
    expect(colliding(store, {})).toStrictEqual(["user", "b"]);
  });

  test("are none where the attributes are one field, or there are none", () => {
    expect(
      colliding(storeOf(["a"], { attributes: ATTRIBUTES }), { attributes: "json" }),
    ).toStrictEqual([]);
    expect(colliding(storeOf(["a"]), {})).toStrictEqual([]);
  });
});
