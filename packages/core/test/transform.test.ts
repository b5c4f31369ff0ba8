import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Mapping, REJECT_CODES, type Text, type Transformed } from "../src/index.js";
import { anyMapping, anySessionAndClock } from "./arbitrary-session.js";
import { NOW } from "./example-mapping.js";
import { exampleSession, instant, mappingWith, NOTHING } from "./example-session.js";
import { seed } from "./seed.js";
import { INFINITE_FUTURE, INFINITE_PAST } from "./source-row.js";
import { transformOne } from "./source-session.js";
import { type Expectation, expectation } from "./transform-oracle.js";

const JSON_FIELD = "session_specific_attributes";

/** The fields of a written session; fails where a name occurs twice. */
function fieldsOf(transformed: Transformed): Map<string, string> {
  if (transformed.kind !== "write")
    throw new Error(`expected a session to write, not ${transformed.kind}`);
  return mapOf(transformed.session.fields);
}

function mapOf(flat: readonly Text[]): Map<string, string> {
  const texts = flat.map(expectString);
  const names = texts.filter((_, i) => i % 2 === 0);
  const map = new Map(names.map((name, i) => [name, texts[i * 2 + 1] as string]));
  if (map.size !== names.length) throw new Error("a name occurs twice");
  return map;
}

/** What the reference store holds is UTF-8. */
function expectString(text: Text): string {
  if (typeof text !== "string") throw new Error("expected UTF-8");
  return text;
}

/** Name, value … of a JSON object of strings, read token by token: an object would lose a name that occurs twice. */
function membersOf(json: string): Map<string, string> {
  JSON.parse(json);
  return mapOf(
    [...json.matchAll(/"(?:[^"\\]|\\.)*"/gs)].map(([token]) => JSON.parse(token) as string),
  );
}

/** What became of a session, in the words of what is expected of it. */
function asExpectation(actual: Transformed, expected: Expectation, mapping: Mapping): Expectation {
  switch (actual.kind) {
    case "expired":
      return actual;
    case "rejected": {
      const { id, code } = actual.reject;
      // Any one of several codes that apply will do.
      const applies = expected.kind === "rejected" && expected.codes.has(code);
      return { kind: "rejected", id, codes: applies ? expected.codes : new Set([code]) };
    }
    case "write": {
      const { id, expiresAt, recency } = actual.session;
      const fields = mapOf(actual.session.fields);
      const jsonField = new Map(Object.entries(mapping.renames)).get(JSON_FIELD) ?? JSON_FIELD;
      const json = mapping.attributes === "json" ? fields.get(jsonField) : undefined;
      if (json !== undefined) fields.delete(jsonField);
      const members = json === undefined ? null : membersOf(json);
      return { kind: "write", id, fields, json: members, expiresAt, recency };
    }
  }
}

function transform(
  session: Parameters<typeof exampleSession>[0],
  mapping: Partial<Mapping> = {},
  now = NOW,
) {
  return transformOne(mappingWith(mapping))(exampleSession(session), now);
}

function rejectOf(transformed: Transformed): string {
  return transformed.kind === "rejected" ? transformed.reject.code : transformed.kind;
}

describe("any session under any mapping", () => {
  test("becomes what the contract says, as worked out a second time from its text", () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(anySessionAndClock, anyMapping, ({ session, now }, mapping) => {
        const actual = transformOne(mapping)(session, now);
        reached.add(rejectOf(actual));
        const expected = expectation(session, now, mapping);
        expect(asExpectation(actual, expected, mapping)).toStrictEqual(expected);
      }),
      { seed, numRuns: 4_000 },
    );
    // Were one of them never reached, the cases would prove less than they seem to.
    const inReach = REJECT_CODES.filter((code) => code !== "wrong-type");
    expect([...reached].toSorted()).toStrictEqual(["expired", "write", ...inReach].toSorted());
  });

  test("becomes the same when transformed again, and is itself left as it was", () => {
    fc.assert(
      fc.property(anySessionAndClock, anyMapping, ({ session, now }, mapping) => {
        const before = structuredClone({ session, mapping });
        const transformOnce = transformOne(mapping);
        expect(transformOnce(session, now)).toStrictEqual(transformOnce(session, now));
        expect({ session, mapping }).toStrictEqual(before);
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe("the default layout", () => {
  test("is a field per column, in the contract's names and order, and one per attribute", () => {
    const transformed = transform({});
    expect([...fieldsOf(transformed)]).toStrictEqual([
      ["user_id", "42"],
      ["username", "ada"],
      ["email", "ada@example.org"],
      ["ip_address", "192.0.2.7"],
      ["user_agent", "Mozilla/5.0"],
      ["session_created_at", "2026-11-20T08:00:00.000001Z"],
      ["last_activity_at", "2026-11-23T18:38:56.924123Z"],
      ["theme", "light"],
      ["language", "en"],
      ["notifications_enabled", "true"],
      ["cart_json", '{"items":[]}'],
      ["step", "2"],
    ]);
    expect(transformed).toMatchObject({
      session: {
        expiresAt: Date.parse("2026-12-01T00:00:00.000Z"),
        recency: "2026-11-23T18:38:56.924123Z",
      },
    });
  });

  test("leaves a null out, and does not take an empty text or false for one", () => {
    const fields = fieldsOf(
      transform({
        theme: null,
        username: "",
        notificationsEnabled: false,
        attributes: ["a", null, "b", ""],
      }),
    );
    expect([...fields.keys()]).not.toContain("theme");
    expect([...fields.keys()]).not.toContain("a");
    expect(fields.get("username")).toBe("");
    expect(fields.get("b")).toBe("");
    expect(fields.get("notifications_enabled")).toBe("false");
  });
});

describe("an expired session", () => {
  const at = Date.parse("2026-12-01T00:00:00.000Z");

  test("is expired from its very millisecond on, and not before", () => {
    expect(transform({}, {}, at - 1).kind).toBe("write");
    expect(transform({}, {}, at).kind).toBe("expired");
  });

  test("is expired also when it could not have been written", () => {
    const unwritable = {
      createdAt: INFINITE_FUTURE,
      attributes: ["user_id", "7"],
      bytes: Number.POSITIVE_INFINITY,
    };
    expect(transform(unwritable, {}, at).kind).toBe("expired");
    expect(transform({ expiresAt: INFINITE_PAST }).kind).toBe("expired");
  });

  test("counts as the oldest when its last activity cannot be written", () => {
    expect(transform({ lastActivityAt: INFINITE_FUTURE }, {}, at)).toMatchObject({
      recency: null,
    });
    expect(transform({}, {}, at)).toMatchObject({ recency: "2026-11-23T18:38:56.924123Z" });
  });
});

describe("a session is rejected", () => {
  test("when its expiry is infinite, whatever the mapping", () => {
    expect(rejectOf(transform({ expiresAt: INFINITE_FUTURE }))).toBe("time-out-of-range");
    expect(
      rejectOf(transform({ expiresAt: INFINITE_FUTURE }, { timestamps: "epoch-seconds" })),
    ).toBe("time-out-of-range");
  });

  test("when a time outside the years 1 to 9999 would be a field, and only then", () => {
    const year10000 = 253_402_300_800_000_000n;
    const year1 = -62_135_596_800_000_000n;
    expect(rejectOf(transform({ createdAt: year10000 }))).toBe("time-out-of-range");
    expect(rejectOf(transform({ createdAt: year10000 - 1n }))).toBe("write");
    expect(rejectOf(transform({ lastActivityAt: year1 - 1n }))).toBe("time-out-of-range");
    expect(rejectOf(transform({ lastActivityAt: year1 }))).toBe("write");
    expect(rejectOf(transform({ expiresAt: year10000 }))).toBe("write");
    expect(rejectOf(transform({ expiresAt: year10000 }, { includeExpiresAt: true }))).toBe(
      "time-out-of-range",
    );
  });

  test("when an attribute is named like a core field, even one that is null on either side", () => {
    expect(rejectOf(transform({ attributes: ["user_id", "7"] }))).toBe("field-collision");
    expect(rejectOf(transform({ attributes: ["user_id", null] }))).toBe("field-collision");
    expect(rejectOf(transform({ theme: null, attributes: ["theme", "dark"] }))).toBe(
      "field-collision",
    );
  });

  test("when a rename gives an attribute a core field's name, or two attributes one name", () => {
    const cart = ["cart_json", "1"];
    expect(rejectOf(transform({ attributes: cart }, { renames: { cart_json: "user_id" } }))).toBe(
      "field-collision",
    );
    expect(rejectOf(transform({ attributes: cart }, { renames: { user_id: "cart_json" } }))).toBe(
      "field-collision",
    );
    const both = { attributes: [...cart, "cart_items", null] };
    const renames = { cart_json: "cart_items" };
    expect(rejectOf(transform(both, { renames }))).toBe("field-collision");
    expect(rejectOf(transform(both, { renames, attributes: "json" }))).toBe("field-collision");
  });

  test.each(["fields", "json"] as const)(
    "when the source holds an attribute twice, as %s",
    (attributes) => {
      const twice = { attributes: ["cart", "1", "cart", null] };
      expect(rejectOf(transform(twice, { attributes }))).toBe("field-collision");
    },
  );

  test("when nothing of it is written", () => {
    const nothing = { ...NOTHING, attributes: ["cart", null] };
    expect(rejectOf(transform(nothing))).toBe("unrepresentable");
    expect(rejectOf(transform(nothing, { attributes: "json" }))).toBe("unrepresentable");
    expect(rejectOf(transform(nothing, { nulls: "empty" }))).toBe("write");
    expect(rejectOf(transform({ ...nothing, attributes: ["cart", ""] }))).toBe("write");
  });

  test("when it has more bytes than the mapping allows, or too many to be read", () => {
    expect(rejectOf(transform({ bytes: 1_000 }, { maxSessionBytes: 1_000 }))).toBe("write");
    expect(rejectOf(transform({ bytes: 1_001 }, { maxSessionBytes: 1_000 }))).toBe("too-large");
    expect(rejectOf(transform({ bytes: Number.POSITIVE_INFINITY }))).toBe("too-large");
  });

  test("in words that name no attribute and quote no value", () => {
    const told = [
      transform({ attributes: ["canary", "1", "b", "canary"] }, { renames: { canary: "b" } }),
      transform({ username: "canary", attributes: ["theme", "canary"] }),
      transform({ username: "canary", createdAt: INFINITE_FUTURE }),
      transform({ username: "canary", bytes: Number.POSITIVE_INFINITY }),
    ];
    for (const transformed of told) {
      if (transformed.kind !== "rejected") throw new Error("expected a reject");
      expect(transformed.reject.message).not.toBe("");
      expect(transformed.reject.message).not.toContain("canary");
    }
  });
});

describe("the mapping's options", () => {
  test("an attribute that only an option would make a core field is ordinary data without it", () => {
    const attributes = ["expires_at", "soon", "session_specific_attributes", "{}"];
    const fields = fieldsOf(transform({ attributes }));
    expect(fields.get("expires_at")).toBe("soon");
    expect(fields.get(JSON_FIELD)).toBe("{}");
    expect(rejectOf(transform({ attributes }, { includeExpiresAt: true }))).toBe("field-collision");
  });

  test("renames apply once, so two names can change places", () => {
    const renames = { cart_json: "step", step: "cart_json", user_id: "uid" };
    const fields = fieldsOf(transform({}, { renames }));
    expect(fields.get("step")).toBe('{"items":[]}');
    expect(fields.get("cart_json")).toBe("2");
    expect(fields.get("uid")).toBe("42");
    expect(fields.has("user_id")).toBe(false);
  });

  test("a name every object inherits is renamed only when the mapping says so", () => {
    const attributes = ["constructor", "1", "__proto__", "2", "toString", "3"];
    const fields = fieldsOf(transform({ attributes }, { renames: { constructor: "__proto__x" } }));
    expect([...fields].slice(-3)).toStrictEqual([
      ["__proto__x", "1"],
      ["__proto__", "2"],
      ["toString", "3"],
    ]);
  });

  test("json holds every attribute as text under its own name, one like a core field's too", () => {
    const attributes = [
      "",
      '1"\u0001\u{1f36a}',
      "10",
      "2",
      "9",
      "3",
      "__proto__",
      "4",
      "user_id",
      "5",
    ];
    const fields = fieldsOf(transform({ attributes }, { attributes: "json" }));
    expect(fields.get("user_id")).toBe("42");
    const members = membersOf(fields.get(JSON_FIELD) ?? "");
    expect([...members].flat()).toStrictEqual(attributes);
  });

  test("json holds attributes in one order, whatever order the source gives them in", () => {
    const entries = [
      ["b", "2"],
      ["ä", "4"],
      ["a", "1"],
      ["c", null],
      ["10", "5"],
      ["9", "6"],
      ["a\u0000", "7"],
      ["\u{1f36a}", "8"],
      ["B", "9"],
    ] as const;
    const orders = fc.shuffledSubarray([...entries], { minLength: entries.length });
    fc.assert(
      fc.property(orders, (order) => {
        const options = { attributes: "json", nulls: "empty", renames: { b: "z" } } as const;
        const fields = fieldsOf(transform({ attributes: order.flat() }, options));
        expect(fields.get(JSON_FIELD)).toBe(
          '{"10":"5","9":"6","B":"9","a":"1","a\\u0000":"7","c":"","z":"2","ä":"4","\u{1f36a}":"8"}',
        );
      }),
      { seed, numRuns: 200 },
    );
  });

  test("json leaves the field out when nothing would be in it", () => {
    expect(fieldsOf(transform({ attributes: [] }, { attributes: "json" })).has(JSON_FIELD)).toBe(
      false,
    );
    expect(
      fieldsOf(transform({ attributes: ["a", null] }, { attributes: "json" })).has(JSON_FIELD),
    ).toBe(false);
    const empty = fieldsOf(
      transform({ attributes: ["a", null] }, { attributes: "json", nulls: "empty" }),
    );
    expect(empty.get(JSON_FIELD)).toBe('{"a":""}');
  });

  test("a placeholder stands for every null, of columns and attributes, but is no last activity", () => {
    const nulls = { placeholder: "\\N" };
    const transformed = transform({ lastActivityAt: null, attributes: ["a", null] }, { nulls });
    expect(fieldsOf(transformed).get("last_activity_at")).toBe("\\N");
    expect(fieldsOf(transformed).get("a")).toBe("\\N");
    expect(transformed).toMatchObject({ session: { recency: null } });
  });

  test("times before 1970 round down like all others", () => {
    const createdAt = instant("1969-12-31T23:59:59.999999Z");
    const created = (timestamps: Mapping["timestamps"]) =>
      fieldsOf(transform({ createdAt }, { timestamps })).get("session_created_at");
    expect(created("iso")).toBe("1969-12-31T23:59:59.999999Z");
    expect(created("epoch-seconds")).toBe("-1");
    expect(created("epoch-milliseconds")).toBe("-1");
  });

  test("attributes that no string can hold as JSON are too large, and no crash", () => {
    // Each of them takes six characters in JSON, and a string holds about 536 million.
    const half = "\u0001".repeat(46_000_000);
    for (const attributes of [
      ["a", half + half],
      ["a", half, "b", half],
    ]) {
      const transformed = transform({ attributes, bytes: 92_000_000 }, { attributes: "json" });
      expect(transformed).toMatchObject({ kind: "rejected", reject: { code: "too-large" } });
    }
  }, 60_000);
});
