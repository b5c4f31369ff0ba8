import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Kind, Mapping, ResolvedStore, StoreDescription, Transformed } from "../src/index.js";
import { NOW } from "./example-mapping.js";
import { resolveDescription } from "./resolved-store.js";
import { seed } from "./seed.js";
import { type Cell, INFINITE_FUTURE, type SourceRow, transformRow } from "./source-row.js";

const LATER = BigInt(NOW + 1_000) * 1000n;
const ATTRIBUTES = { table: "a", session: "s", name: "n", value: "v" };

function storeOf(
  fields: Record<string, string>,
  kinds: Record<string, Kind> = {},
  more: Partial<StoreDescription> = {},
): ResolvedStore {
  return resolveDescription(
    { sessions: { table: "t", id: "id", expires: "until", fields }, value: "json", ...more },
    { until: "time", ...kinds },
  );
}

function transform(
  store: ResolvedStore,
  cells: Record<string, Cell>,
  attributes: SourceRow["attributes"] = [],
  options: Partial<Mapping> = {},
): Transformed {
  return transformRow(store, { cells: { id: "a", until: LATER, ...cells }, attributes }, options);
}

/** The text of a session that is written: JSON. */
function jsonOf(transformed: Transformed): string {
  if (transformed.kind !== "write") throw new Error(`not ${JSON.stringify(transformed)}`);
  const [name, value, ...others] = transformed.session.fields;
  expect([name, ...others]).toStrictEqual([""]);
  JSON.parse(String(value));
  return String(value);
}

function rejectOf(transformed: Transformed): string {
  if (transformed.kind !== "rejected") throw new Error(`not ${transformed.kind}`);
  return `${transformed.reject.code}: ${transformed.reject.message}`;
}

/** One field of a kind. */
function field(kind: Kind, cell: Cell, options: Partial<Mapping> = {}): Transformed {
  return transform(storeOf({ f: "c" }, { c: kind }), { c: cell }, [], options);
}

describe("a session as JSON", () => {
  test("holds numbers, flags, JSON and null as such, and everything else as text", () => {
    const fields = {
      text: "t",
      number: "n",
      flag: "f",
      json: "j",
      bytes: "b",
      time: "m",
      none: "x",
    };
    const kinds = { n: "number", f: "flag", j: "json", b: "bytes", m: "time" } as const;
    const cells = {
      t: 'a"b',
      n: "12345678901234567890.50",
      f: false,
      j: '{ "b":1,"a":[] }',
      b: "é",
      m: 1_000_001n,
    };
    expect(jsonOf(transform(storeOf(fields, kinds), cells))).toBe(
      '{"text":"a\\"b","number":12345678901234567890.50,"flag":false,"json":{ "b":1,"a":[] },"bytes":"é","time":"1970-01-01T00:00:01.000001Z","none":null}',
    );
  });

  test.each(["number", "flag", "json", "bytes", "text", "time"] as const)(
    "holds null for a null of every kind: %s",
    (kind) => {
      expect(jsonOf(field(kind, null))).toBe('{"f":null}');
      expect(jsonOf(field(kind, null, { nulls: { placeholder: "-" } }))).toBe('{"f":null}');
    },
  );

  test.each(["0", "-0", "-12.50", "1e+20", "1.5E-7"])(
    "holds a number digit by digit: %s",
    (text) => {
      expect(jsonOf(field("number", text))).toBe(`{"f":${text}}`);
    },
  );

  test.each(["NaN", "Infinity", "-Infinity", "", "007", "1.", ".5", "+1", "1 "])(
    "is rejected for a number that JSON does not have: %j",
    (text) => {
      expect(rejectOf(field("number", text))).toBe("unrepresentable: f is not what JSON can hold");
    },
  );

  test.each(["text", "bytes", "json"] as const)("is rejected for %s that is no UTF-8", (kind) => {
    const reject = rejectOf(field(kind, Buffer.of(0x22, 0xff, 0x22)));
    expect(reject).toBe("unrepresentable: f is not what JSON can hold");
  });

  test("holds times in the mapping's form, and is rejected for one that has none", () => {
    const time = 1_795_459_136_924_123n;
    const written = (timestamps: Mapping["timestamps"]) =>
      jsonOf(field("time", time, { timestamps }));
    expect(written("iso")).toBe('{"f":"2026-11-23T18:38:56.924123Z"}');
    expect(written("epoch-seconds")).toBe('{"f":1795459136}');
    expect(written("epoch-milliseconds")).toBe('{"f":1795459136924}');
    expect(rejectOf(field("time", INFINITE_FUTURE))).toMatch(/^time-out-of-range: f is infinite/);
  });

  test("holds what a codec decodes as text, a number too", () => {
    const store = storeOf(
      {},
      {},
      {
        sessions: {
          table: "t",
          id: "id",
          expires: "until",
          fields: { f: { column: "c", codec: "hex" } },
        },
      },
    );
    expect(jsonOf(transform(store, { c: "3132" }))).toBe('{"f":"12"}');
    for (const damaged of ["3", "ff"])
      expect(rejectOf(transform(store, { c: damaged }))).toBe(
        "unrepresentable: f cannot be decoded as hex",
      );
  });

  test("nests by the dots of a field's name, once it is renamed", () => {
    const fields = { "user.id": "i", at: "m", "user.name.first": "n", last: "l" };
    const store = storeOf(fields);
    const cells = { i: "7", m: "now", n: "Ada", l: "L" };
    expect(jsonOf(transform(store, cells))).toBe(
      '{"user":{"id":"7","name":{"first":"Ada"}},"at":"now","last":"L"}',
    );
    const renames = { last: "user.name.last", at: "user.at", "user.id": "id" };
    expect(jsonOf(transform(store, cells, [], { renames }))).toBe(
      '{"id":"7","user":{"at":"now","name":{"first":"Ada","last":"L"}}}',
    );
  });

  test("holds its expiry where it is asked for", () => {
    const store = storeOf({ f: "c" });
    const options = { includeExpiresAt: true, renames: { expires_at: "cookie.expires" } };
    expect(jsonOf(transform(store, { c: "x" }, [], { includeExpiresAt: true }))).toBe(
      '{"f":"x","expires_at":"2026-11-23T19:00:01.000000Z"}',
    );
    expect(jsonOf(transform(store, { c: "x" }, [], options))).toBe(
      '{"f":"x","cookie":{"expires":"2026-11-23T19:00:01.000000Z"}}',
    );
  });

  test("that no string can hold is too large, and no crash", () => {
    // Each of them takes six characters in JSON, and a string holds about 536 million.
    const half = "\u0001".repeat(46_000_000);
    const store = storeOf({ f: "c", g: "d" });
    for (const cells of [{ c: half + half }, { c: half, d: half }])
      expect(rejectOf(transform(store, cells))).toBe("too-large: it is too long as JSON");
  }, 60_000);
});

describe("attributes in JSON", () => {
  const store = storeOf({ f: "c" }, {}, { attributes: ATTRIBUTES });
  const AS_JSON = { attributes: "json" } as const;

  test("are members beside the fields, or of one object, in the order of their names", () => {
    const attributes = ["b", "2", "a", null, "10", "x"];
    expect(jsonOf(transform(store, { c: "1" }, attributes))).toBe(
      '{"f":"1","10":"x","a":null,"b":"2"}',
    );
    expect(jsonOf(transform(store, { c: "1" }, attributes, AS_JSON))).toBe(
      '{"f":"1","session_specific_attributes":{"10":"x","a":null,"b":"2"}}',
    );
  });

  test("leave nothing behind where there are none", () => {
    expect(jsonOf(transform(store, { c: "1" }))).toBe('{"f":"1"}');
    expect(jsonOf(transform(store, { c: "1" }, [], AS_JSON))).toBe('{"f":"1"}');
    const alone = storeOf({}, {}, { attributes: ATTRIBUTES });
    expect(jsonOf(transform(alone, {}))).toBe("{}");
  });

  test("lie where a rename puts their object", () => {
    const renames = { session_specific_attributes: "data.all", f: "data.f" };
    expect(jsonOf(transform(store, { c: "1" }, ["a", "2"], { ...AS_JSON, renames }))).toBe(
      '{"data":{"f":"1","all":{"a":"2"}}}',
    );
  });

  test("may be called anything that no field is called, `__proto__` too", () => {
    const names = ["__proto__", "constructor", "", "a.b", "\u0000"];
    const json = jsonOf(
      transform(
        store,
        { c: "1" },
        names.flatMap((name) => [name, "x"]),
      ),
    );
    const members = Object.keys(JSON.parse(json) as object).filter((name) => name !== "f");
    expect(members.toSorted()).toStrictEqual(names.toSorted());
  });

  test("that are called like a field, or like an object of fields, are rejected", () => {
    const nested = storeOf({ "user.id": "c" }, {}, { attributes: ATTRIBUTES });
    const collision = "field-collision: an attribute has the name of another field";
    expect(rejectOf(transform(store, { c: "1" }, ["f", "2"]))).toBe(collision);
    expect(rejectOf(transform(nested, { c: "1" }, ["user", "2"]))).toBe(collision);
    expect(jsonOf(transform(nested, { c: "1" }, ["user", "2"], AS_JSON))).toContain('{"user":"2"}');
    expect(jsonOf(transform(nested, { c: "1" }, ["user.id", "2"]))).toBe(
      '{"user":{"id":"1"},"user.id":"2"}',
    );
    expect(rejectOf(transform(store, { c: "1" }, ["a", "2", "a", "3"], AS_JSON))).toBe(collision);
  });

  test.each([
    ["number", "1.50", "1.50"],
    ["json", "[1, 2]", "[1, 2]"],
    ["bytes", "é", '"é"'],
    ["text", "1", '"1"'],
  ] as const)("are what their column holds: %s", (kind, value, written) => {
    const typed = { ...store, attributeValue: { kind, type: kind, isLong: true } };
    expect(jsonOf(transform(typed, { c: "1" }, ["a", value]))).toBe(`{"f":"1","a":${written}}`);
  });

  test("that JSON cannot hold are rejected", () => {
    const numbers = {
      ...store,
      attributeValue: { kind: "number", type: "n", isLong: false },
    } as const;
    const noValue = "unrepresentable: an attribute is not what JSON can hold";
    expect(rejectOf(transform(numbers, { c: "1" }, ["a", "NaN"]))).toBe(noValue);
    expect(rejectOf(transform(store, { c: "1" }, ["a", Buffer.of(0xff)]))).toBe(noValue);
    expect(rejectOf(transform(store, { c: "1" }, [Buffer.of(0xff), "a"]))).toBe(
      "unrepresentable: an attribute's name is no text, as JSON needs",
    );
    expect(rejectOf(transform(store, { c: "1" }, [null, "a"]))).toBe(
      "unrepresentable: an attribute's name is null",
    );
  });

  test("are all there, whatever they are", () => {
    const text = fc.string({ unit: "binary", maxLength: 10 });
    const entries = fc.uniqueArray(fc.tuple(text, fc.option(text)), {
      selector: ([name]) => name,
      maxLength: 8,
    });
    fc.assert(
      fc.property(entries, fc.constantFrom("fields", "json"), (pairs, attributes) => {
        fc.pre(pairs.every(([name]) => name !== "f"));
        const json = jsonOf(transform(store, { c: "1" }, pairs.flat(), { attributes }));
        const whole = new Map(Object.entries(JSON.parse(json) as object));
        whole.delete("f");
        const held =
          attributes === "fields"
            ? whole
            : new Map(Object.entries((whole.get("session_specific_attributes") ?? {}) as object));
        expect(held).toEqual(new Map(pairs));
      }),
      { seed, numRuns: 300 },
    );
  });
});
