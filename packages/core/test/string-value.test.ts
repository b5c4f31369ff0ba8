import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type StoreDescription, textBytes, type Transformed } from "../src/index.js";
import { NOW } from "./example-mapping.js";
import { resolveDescription } from "./resolved-store.js";
import { seed } from "./seed.js";
import { INFINITE_FUTURE, transformRow, type Cell } from "./source-row.js";

const LATER = BigInt(NOW + 1_000) * 1000n;

function storeOf(value: StoreDescription["value"]) {
  const sessions = { table: "t", id: "id", expires: { column: "until", ifMissing: null } };
  return resolveDescription({ sessions, value }, { until: "time", v: "bytes" });
}

function transform(
  v: Cell,
  value: StoreDescription["value"] = { string: "v" },
  until: Cell = LATER,
): Transformed {
  return transformRow(storeOf(value), { cells: { id: "a", until, v } });
}

/** The value of a session that is written. */
function valueOf(transformed: Transformed): Buffer {
  if (transformed.kind !== "write") throw new Error(`not ${transformed.kind}`);
  expect(transformed.session.fields).toHaveLength(2);
  const [name, value] = transformed.session.fields;
  expect(name).toBe("");
  return textBytes(value ?? "");
}

describe("a session of one column", () => {
  test("is its bytes, untouched, where they are no UTF-8 too", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(valueOf(transform(Buffer.from(bytes))).equals(bytes)).toBe(true);
      }),
      { seed, numRuns: 300 },
    );
  });

  test("is decoded as its codecs say", () => {
    const value = { string: "v", codec: ["base64", "php-string"] } as const;
    expect(valueOf(transform("AP8=", value))).toStrictEqual(
      Buffer.from('s:2:"\0\u00ff";', "latin1"),
    );
  });

  test("is rejected where the column is null", () => {
    expect(transform(null)).toStrictEqual({
      kind: "rejected",
      reject: { id: "a", code: "unrepresentable", message: "v is null" },
    });
  });

  test("is rejected where it cannot be decoded, in words that do not quote it", () => {
    expect(transform("canary!", { string: "v", codec: ["base64", "php-string"] })).toStrictEqual({
      kind: "rejected",
      reject: {
        id: "a",
        code: "unrepresentable",
        message: "v cannot be decoded as base64, php-string",
      },
    });
  });

  test("is none of a column that holds no bytes", () => {
    for (const kind of ["time", "flag"] as const) {
      const sessions = { table: "t", id: "id", expires: "until" };
      const store = resolveDescription({ sessions, value: { string: "v" } }, { v: kind });
      expect(() => transformRow(store, { cells: { id: "a" } })).toThrow(TypeError);
    }
  });

  test("is asked for no field, whatever the mapping would add", () => {
    const options = { includeExpiresAt: true, attributes: "json" } as const;
    const until = 253_402_300_800_000_000n;
    const transformed = transformRow(
      storeOf({ string: "v" }),
      { cells: { id: "a", until, v: "x" } },
      options,
    );
    expect(valueOf(transformed).toString()).toBe("x");
  });
});

describe("a value without a byte", () => {
  test("is a value", () => {
    expect(valueOf(transform(""))).toHaveLength(0);
  });

  describe("where it stands for no session", () => {
    const value = { string: "v", empty: "expired" } as const;

    test("is expired at once, and so is null", () => {
      for (const v of ["", null])
        expect(transform(v, value)).toStrictEqual({
          kind: "expired",
          id: "a",
          expiresAt: NOW + 1_000,
          recency: null,
        });
      expect(transform("x", value).kind).toBe("write");
    });

    test("counts as the oldest where it has no expiry", () => {
      expect(transform("", value, null)).toMatchObject({ kind: "expired", expiresAt: -Infinity });
      expect(transform("", value, INFINITE_FUTURE)).toMatchObject({
        kind: "expired",
        expiresAt: Infinity,
      });
    });
  });
});
