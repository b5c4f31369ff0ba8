import { describe, expect, test } from "vitest";
import { type Mapping, type StoreDescription, type Text, type Transformed } from "../src/index.js";
import { NOW } from "./example-mapping.js";
import { type Kinds, resolveDescription } from "./resolved-store.js";
import { type Cell, type SourceRow, transformRow } from "./source-row.js";

const LATER = BigInt(NOW + 1_000) * 1000n;
type Sessions = StoreDescription["sessions"];

function storeOf(
  fields: NonNullable<Sessions["fields"]>,
  kinds: Kinds = {},
  more: Partial<StoreDescription> = {},
) {
  return resolveDescription(
    { sessions: { table: "t", id: "id", expires: "until", fields }, ...more },
    { until: "time", ...kinds },
  );
}

function transform(
  store: ReturnType<typeof storeOf>,
  cells: Record<string, Cell>,
  attributes: SourceRow["attributes"] = [],
  options: Partial<Mapping> = {},
): Transformed {
  return transformRow(store, { cells: { id: "a", until: LATER, ...cells }, attributes }, options);
}

/** name, value … as text, or as hex where that is no UTF-8. */
function fieldsOf(transformed: Transformed): string[] {
  if (transformed.kind !== "write") throw new Error(`not ${JSON.stringify(transformed)}`);
  return transformed.session.fields.map((text) =>
    typeof text === "string" ? text : text.toString("hex"),
  );
}

function rejectOf(transformed: Transformed): string {
  if (transformed.kind !== "rejected") throw new Error(`not ${transformed.kind}`);
  return `${transformed.reject.code}: ${transformed.reject.message}`;
}

describe("a field", () => {
  test("is the bytes of its column, where they are no UTF-8 too", () => {
    const store = storeOf({ f: "c" }, { c: "bytes" });
    expect(fieldsOf(transform(store, { c: Buffer.of(0, 0xff) }))).toStrictEqual(["f", "00ff"]);
  });

  test("is decoded as its codec says, and the session rejected where it cannot be", () => {
    const store = storeOf({ f: { column: "c", codec: "hex" } });
    expect(fieldsOf(transform(store, { c: "c3a9" }))).toStrictEqual(["f", "é"]);
    expect(rejectOf(transform(store, { c: "canary" }))).toBe(
      "unrepresentable: f cannot be decoded as hex",
    );
  });

  test("of nothing is a null, whatever its codec", () => {
    const store = storeOf({ f: { column: "c", codec: "java-long" }, g: "d" });
    const cells = { c: null, d: "x" };
    expect(fieldsOf(transform(store, cells))).toStrictEqual(["g", "x"]);
    expect(fieldsOf(transform(store, cells, [], { nulls: "empty" }))).toStrictEqual([
      "f",
      "",
      "g",
      "x",
    ]);
  });

  test("is JSON and a number as the source prints them", () => {
    const store = storeOf({ j: "j", n: "n" }, { j: "json", n: "number" });
    const cells = { j: '{"a": 1.50}', n: "NaN" };
    expect(fieldsOf(transform(store, cells))).toStrictEqual(["j", '{"a": 1.50}', "n", "NaN"]);
  });
});

describe("an attribute", () => {
  const attributes = { table: "a", session: "s", name: "n", value: "v" };
  const store = storeOf({ f: "c" }, {}, { attributes });
  const prefixed = storeOf(
    { "attr:f": "c" },
    {},
    { attributes: { ...attributes, prefix: "attr:" } },
  );

  test("keeps its bytes, its name's too, where they are no UTF-8", () => {
    const names = [Buffer.of(0xff), Buffer.of(0xfe), Buffer.from("\ufffd")];
    const told = fieldsOf(
      transform(
        store,
        { c: "x" },
        names.flatMap((name) => [name, Buffer.of(0xfd)]),
      ),
    );
    expect(told).toStrictEqual(["f", "x", "ff", "fd", "fe", "fd", "\ufffd", "fd"]);
  });

  test("is called by the store's prefix and its own name, before it is renamed", () => {
    const renames = { "attr:b": "b", c: "no" };
    expect(
      fieldsOf(transform(prefixed, { c: "x" }, ["a", "1", "b", "2", "c", "3"], { renames })),
    ).toStrictEqual(["attr:f", "x", "attr:a", "1", "b", "2", "attr:c", "3"]);
    expect(rejectOf(transform(prefixed, { c: "x" }, ["f", "1"]))).toMatch(/^field-collision/);
  });

  test("has its whole name as a member of the one object too", () => {
    const asJson = { attributes: "json" } as const;
    expect(fieldsOf(transform(prefixed, { c: "x" }, ["a", "1"], asJson))).toStrictEqual([
      "attr:f",
      "x",
      "session_specific_attributes",
      '{"attr:a":"1"}',
    ]);
  });

  test("that is no text cannot be a member of that object", () => {
    const asJson = { attributes: "json" } as const;
    const notUtf8 = Buffer.of(0xff);
    expect(rejectOf(transform(store, { c: "x" }, ["a", notUtf8], asJson))).toMatch(
      /^unrepresentable/,
    );
    expect(rejectOf(transform(store, { c: "x" }, [notUtf8, "a"], asJson))).toMatch(
      /^unrepresentable/,
    );
  });

  test("without a name is rejected", () => {
    for (const form of ["fields", "json"] as const)
      expect(rejectOf(transform(store, { c: "x" }, [null, "1"], { attributes: form }))).toBe(
        "unrepresentable: an attribute's name is null",
      );
  });
});

test("a hash of attributes alone is written, and rejected where there are none", () => {
  const attributes = { table: "a", session: "s", name: "n", value: "v" };
  const store = storeOf({}, {}, { attributes });
  expect(fieldsOf(transform(store, {}, ["a", "1"]))).toStrictEqual(["a", "1"]);
  expect(rejectOf(transform(store, {}))).toBe("unrepresentable: it has no field but null ones");
});

describe("a session's id", () => {
  const byte = resolveDescription(
    { sessions: { table: "t", id: "id", expires: "until" }, value: { string: "v" } },
    { until: "time", id: "bytes" },
  );
  const whole = resolveDescription(
    {
      sessions: { table: "t", id: "id", expires: "until", idHoldsPrefix: true },
      value: { string: "v" },
      keyPrefix: "sess:",
    },
    { until: "time" },
  );
  const row = (id: string | Buffer, more: Partial<SourceRow> = {}): SourceRow => ({
    cells: { id, until: LATER, v: "x" },
    ...more,
  });

  test("of bytes is told as their hex digits", () => {
    expect(transformRow(byte, row(Buffer.of(0, 0xff)))).toMatchObject({
      kind: "write",
      session: { id: String.raw`\x00ff` },
    });
  });

  test("that shall hold the prefix is rejected where it does not", () => {
    expect(transformRow(whole, row("sess:a")).kind).toBe("write");
    for (const id of ["a", "", "sess", "Sess:a", "xsess:a"])
      expect(rejectOf(transformRow(whole, row(id)))).toBe(
        "unrepresentable: its id does not begin with the key prefix",
      );
    expect(transformRow(whole, row("mine:a"), { keyPrefix: "mine:" }).kind).toBe("write");
    // What is held under a key outside the prefix is not to be removed either.
    const expired: SourceRow = { cells: { id: "other:a", until: 0n, v: "x" } };
    expect(transformRow(whole, expired).kind).toBe("rejected");
  });

  test("that two rows have is rejected, whatever else is to be said of them", () => {
    const shared = "unrepresentable: several rows of the source have this id";
    const twins: SourceRow[] = [
      row("sess:a", { isShared: true }),
      row("a", { isShared: true }),
      row("sess:a", { isShared: true, bytes: Infinity }),
      { cells: { id: "sess:a", until: 0n, v: "x" }, isShared: true },
      { cells: { id: "sess:a", v: "x" }, isShared: true },
    ];
    for (const twin of twins) expect(rejectOf(transformRow(whole, twin))).toBe(shared);
  });
});

describe("a session without an expiry", () => {
  const described = (ifMissing: number | null) =>
    resolveDescription(
      {
        sessions: { table: "t", id: "id", expires: { column: "until", ifMissing } },
        value: { string: "v" },
      },
      { until: "time" },
    );
  const row = { cells: { id: "a", v: "x" } };

  test("is rejected, by the name of its column", () => {
    expect(rejectOf(transformRow(described(null), row))).toBe("time-out-of-range: until is null");
  });

  test("lives as long from the start of the run as the store says, whenever it is copied", () => {
    const transformed = (now: number) =>
      transformRow(described(60), row, {}, { now, startedAt: NOW });
    expect(transformed(NOW + 59_999)).toMatchObject({ session: { expiresAt: NOW + 60_000 } });
    expect(transformed(NOW + 60_000).kind).toBe("expired");
  });
});

describe("recency", () => {
  const seen = (kinds: Kinds) =>
    resolveDescription(
      {
        sessions: {
          table: "t",
          id: "id",
          expires: "until",
          recency: "seen",
          fields: { last: "seen" },
        },
      },
      { until: "time", ...kinds },
    );
  const told = (transformed: Transformed): Text | null => {
    if (transformed.kind === "rejected") throw new Error("rejected");
    return transformed.kind === "write" ? transformed.session.recency : transformed.recency;
  };
  const both = (store: ReturnType<typeof seen>, cell: Cell, options: Partial<Mapping> = {}) =>
    [NOW, NOW + 1_000].map((now) =>
      told(
        transformRow(store, { cells: { id: "a", until: LATER, seen: cell } }, options, {
          now,
          startedAt: NOW,
        }),
      ),
    );

  test("is the time as it is written, of a session that expired too", () => {
    const store = seen({ seen: "time" });
    const iso = "1970-01-01T00:00:01.000001Z";
    expect(both(store, 1_000_001n)).toStrictEqual([iso, iso]);
    expect(both(store, 1_000_001n, { timestamps: "epoch-seconds" })).toStrictEqual(["1", "1"]);
  });

  test("is the number as it is written, of a session that expired too", () => {
    expect(both(seen({ seen: "number" }), "1795459136.5")).toStrictEqual([
      "1795459136.5",
      "1795459136.5",
    ]);
  });

  test("is none where the source has none", () => {
    for (const kind of ["time", "number"] as const)
      expect(both(seen({ seen: kind }), null, { nulls: "empty" })).toStrictEqual([null, null]);
  });

  test("is none where expiries are compared", () => {
    const transformed = transform(storeOf({ f: "c" }), { c: "x" });
    expect(told(transformed)).toBeNull();
  });
});
