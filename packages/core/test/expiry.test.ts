import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeExpiry, type StoreDescription } from "../src/index.js";
import { resolveDescription } from "./resolved-store.js";
import { seed } from "./seed.js";
import { batchOfRows, type Cell, INFINITE_FUTURE, INFINITE_PAST } from "./source-row.js";

const STARTED_AT = 1_000_000;

type Expires = StoreDescription["sessions"]["expires"];

/** In milliseconds and the microseconds that are left. */
function expiry(expires: Expires, until: Cell, begin: Cell = null): [number, number] {
  const isTime = typeof expires === "string" || (expires.as ?? "time") === "time";
  const store = resolveDescription(
    { sessions: { table: "t", id: "id", expires }, value: { string: "v" } },
    { until: isTime ? "time" : "number", begin: "number" },
  );
  const batch = batchOfRows(store, [{ cells: { id: "a", until, begin } }]);
  const read = makeExpiry(store, STARTED_AT);
  return [read.milliseconds(batch, 0), read.microseconds(batch, 0)];
}

describe("an expiry that is a time", () => {
  test("is that time, to the microsecond", () => {
    expect(expiry("until", 1_795_459_136_924_123n)).toStrictEqual([1_795_459_136_924, 123]);
    expect(expiry("until", -1n)).toStrictEqual([-1, 999]);
  });

  test("is infinite where the source's is", () => {
    expect(expiry("until", INFINITE_FUTURE)[0]).toBe(Infinity);
    expect(expiry("until", INFINITE_PAST)[0]).toBe(-Infinity);
    expect(expiry({ column: "until", plusSeconds: 1 }, INFINITE_FUTURE)[0]).toBe(Infinity);
  });

  test("is so much later than the last use as the store says", () => {
    expect(expiry({ column: "until", plusSeconds: 60 }, 1_000_123n)).toStrictEqual([61_000, 123]);
  });
});

const SECONDS = { column: "until", as: "epoch-seconds" } as const;
const MILLISECONDS = { column: "until", as: "epoch-milliseconds" } as const;

describe("an expiry that is a number", () => {
  test.each([
    [SECONDS, "1795459136", 1_795_459_136_000],
    [SECONDS, "0", 0],
    [SECONDS, "-1", -1_000],
    [SECONDS, "1795459136.9", 1_795_459_136_900],
    [SECONDS, "1.001", 1_001],
    [SECONDS, "1.0019", 1_001],
    [SECONDS, "-0.0001", -1],
    [SECONDS, "1e3", 1_000_000],
    [MILLISECONDS, "1795459136924", 1_795_459_136_924],
    [MILLISECONDS, "1.9", 1],
    [MILLISECONDS, "9007199254740991", 9_007_199_254_740_991],
    [{ ...SECONDS, plusSeconds: 60 }, "1", 61_000],
    [{ ...MILLISECONDS, plusSeconds: 60 }, "1", 60_001],
  ] as const)("is counted in its unit: %j %s", (expires, text, milliseconds) => {
    expect(expiry(expires, text)).toStrictEqual([milliseconds, 0]);
  });

  test.each([
    [SECONDS, "9223372036854775807", Infinity],
    [MILLISECONDS, "9223372036854775807", Infinity],
    [MILLISECONDS, "9007199254740992", Infinity],
    [SECONDS, "-9223372036854775808", -Infinity],
    [SECONDS, "Infinity", Infinity],
    [SECONDS, "-Infinity", -Infinity],
    [SECONDS, "NaN", Infinity],
    [SECONDS, "1e400", Infinity],
    [{ ...MILLISECONDS, plusSeconds: 1 }, "9007199254740991", Infinity],
  ] as const)("that is no exact moment is never: %j %s", (expires, text, milliseconds) => {
    expect(expiry(expires, text)[0]).toBe(milliseconds);
  });

  test("keeps every millisecond that is written as a fraction of a second", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (time) => {
        const text = `${Math.floor(time / 1000)}.${String(time % 1000).padStart(3, "0")}`;
        expect(expiry(SECONDS, text)[0]).toBe(time);
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe("a duration", () => {
  const expires = { ...SECONDS, since: { column: "begin", atMost: 100 } };

  test("ends so long after it began, where it is no longer than durations are", () => {
    expect(expiry(expires, "100", "1000")[0]).toBe(1_100_000);
    expect(expiry(expires, "0", "1000")[0]).toBe(1_000_000);
    expect(expiry(expires, "101", "1000")[0]).toBe(101_000);
    expect(expiry({ ...expires, plusSeconds: 5 }, "100", "1000")[0]).toBe(1_105_000);
  });

  test("without a beginning is no expiry", () => {
    expect(expiry(expires, "100", null)[0]).toBeNaN();
    expect(expiry(expires, "101", null)[0]).toBe(101_000);
  });
});

describe("a row without an expiry", () => {
  test.each(["until", SECONDS, MILLISECONDS, { column: "until", plusSeconds: 9 }])(
    "has none unless the store says otherwise: %j",
    (expires) => {
      expect(expiry(expires, null)).toStrictEqual([Number.NaN, 0]);
    },
  );

  test.each([{ column: "until" }, SECONDS, MILLISECONDS, { column: "until", plusSeconds: 9 }])(
    "counts from the start of the run where the store says so: %j",
    (expires) => {
      expect(expiry({ ...expires, ifMissing: 60 }, null)).toStrictEqual([STARTED_AT + 60_000, 0]);
    },
  );

  test("is one where the number is null, and not where it is no moment", () => {
    expect(expiry({ ...SECONDS, ifMissing: 60 }, "NaN")[0]).toBe(Infinity);
  });
});
