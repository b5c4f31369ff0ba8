import fc from "fast-check";
import { expect, test } from "vitest";
import { isRenderable, TIMESTAMP_FORMS } from "../src/index.js";
import { finiteTime } from "./arbitrary-session.js";
import { instant, renderInstant } from "./example-session.js";
import { seed } from "./seed.js";
import { INFINITE_FUTURE, INFINITE_PAST, toMilliseconds } from "./source-row.js";

const EXAMPLE = 1_795_459_136_924_123n;
const FIRST = -62_135_596_800_000_000n;
const LAST = 253_402_300_799_999_999n;
const renderable = fc.bigInt({ min: FIRST, max: LAST });

test("the contract's example is rendered as the contract shows it", () => {
  expect(renderInstant(EXAMPLE, "iso")).toBe("2026-11-23T18:38:56.924123Z");
  expect(renderInstant(EXAMPLE, "epoch-seconds")).toBe("1795459136");
  expect(renderInstant(EXAMPLE, "epoch-milliseconds")).toBe("1795459136924");
});

test("iso always has six digits of fraction and four of the year", () => {
  expect(renderInstant(0n, "iso")).toBe("1970-01-01T00:00:00.000000Z");
  expect(renderInstant(1n, "iso")).toBe("1970-01-01T00:00:00.000001Z");
  expect(renderInstant(-1n, "iso")).toBe("1969-12-31T23:59:59.999999Z");
  expect(renderInstant(FIRST, "iso")).toBe("0001-01-01T00:00:00.000000Z");
  expect(renderInstant(LAST, "iso")).toBe("9999-12-31T23:59:59.999999Z");
});

test("the epoch forms are whole numbers, rounded down on both sides of 1970", () => {
  const renderAll = (time: bigint) =>
    TIMESTAMP_FORMS.slice(1).map((form) => renderInstant(time, form));
  expect(renderAll(1_999_999n)).toStrictEqual(["1", "1999"]);
  expect(renderAll(-1n)).toStrictEqual(["-1", "-1"]);
  expect(renderAll(-1_000_000n)).toStrictEqual(["-1", "-1000"]);
  expect(renderAll(-1_000_001n)).toStrictEqual(["-2", "-1001"]);
  expect(renderAll(FIRST)).toStrictEqual(["-62135596800", "-62135596800000"]);
});

test("iso loses no microsecond", () => {
  fc.assert(
    fc.property(renderable, (time) => {
      expect(instant(renderInstant(time, "iso"))).toBe(time);
    }),
    { seed, numRuns: 500 },
  );
});

test("the order of iso texts is the order of their times", () => {
  const near = fc
    .tuple(renderable, fc.bigInt({ min: 0n, max: 2_000_000n }))
    .map(([a, step]) => [a, a + step] as const);
  fc.assert(
    fc.property(fc.oneof(near, fc.tuple(renderable, renderable)), ([a, b]) => {
      fc.pre(b <= LAST);
      expect(renderInstant(a, "iso") < renderInstant(b, "iso")).toBe(a < b);
    }),
    { seed, numRuns: 500 },
  );
});

test("the years 1 to 9999 can be rendered, to the microsecond, and no others", () => {
  const areRenderable = (...times: bigint[]) =>
    times.map((time) => isRenderable(toMilliseconds(time)));
  expect(areRenderable(FIRST - 1n, FIRST, LAST, LAST + 1n)).toStrictEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(areRenderable(INFINITE_PAST, INFINITE_FUTURE)).toStrictEqual([false, false]);
  expect(isRenderable(Number.NaN)).toBe(false);
});

test("milliseconds are rounded down, so that no session outlives its expiry", () => {
  expect([1_999n, 1_000n, 999n, 0n, -1n, -1_000n, -1_001n].map(toMilliseconds)).toStrictEqual([
    1, 1, 0, 0, -1, -1, -2,
  ]);
  fc.assert(
    fc.property(renderable, (time) => {
      const behind = time - BigInt(toMilliseconds(time)) * 1000n;
      expect(behind >= 0n && behind < 1000n).toBe(true);
    }),
    { seed, numRuns: 500 },
  );
});

test("infinity lies beyond every time a database can hold", () => {
  fc.assert(
    fc.property(finiteTime, (time) => {
      expect(INFINITE_PAST < time && time < INFINITE_FUTURE).toBe(true);
    }),
    { seed },
  );
});
