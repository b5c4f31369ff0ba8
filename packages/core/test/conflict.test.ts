import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareExpiries,
  compareRecency,
  compareTexts,
  CONFLICT_POLICIES,
  type RecencyForm,
  TIMESTAMP_FORMS,
  type TimestampForm,
} from "../src/index.js";
import { renderInstant } from "./example-session.js";
import { seed } from "./seed.js";

const A = "2026-11-23T18:38:56.924122Z";
const B = "2026-11-23T18:38:56.924123Z";

function compareActivity(found: string | null, source: string | null, form: TimestampForm) {
  const recencyForm: RecencyForm = form === "iso" ? "iso" : "rounded-number";
  return compareTexts(found, source, recencyForm);
}

test("newer is the policy that comes first", () => {
  expect(CONFLICT_POLICIES).toStrictEqual(["newer", "replace", "keep"]);
});

describe("what is found in the target", () => {
  test.each(TIMESTAMP_FORMS)("stands to the source's as their times do, in the form %s", (form) => {
    const unit = { iso: 1n, "epoch-milliseconds": 1_000n, "epoch-seconds": 1_000_000n }[form];
    const years1To9999 = fc.bigInt({
      min: -62_135_596_800_000_000n,
      max: 253_402_300_799_999_999n - 2n * unit,
    });
    const steps = fc.constantFrom(-2n, -1n, 0n, 1n, 2n);
    fc.assert(
      fc.property(years1To9999, steps, (time, step) => {
        const source = time + 2n * unit;
        const found = renderInstant(source + step * unit, form);
        const equal = form === "iso" ? "same" : "tied";
        const expected = step > 0n ? "newer" : step < 0n ? "older" : equal;
        fc.pre(source + step * unit <= 253_402_300_799_999_999n);
        expect(compareActivity(found, renderInstant(source, form), form)).toBe(expected);
      }),
      { seed, numRuns: 300 },
    );
  });

  test("is compared as a number, not as text, in the epoch forms", () => {
    expect(compareActivity("10000000000", "9999999999", "epoch-seconds")).toBe("newer");
    expect(compareActivity("-2", "-10", "epoch-milliseconds")).toBe("newer");
    expect(compareActivity("1795459136.5", "1795459136", "epoch-seconds")).toBe("newer");
    expect(compareActivity("01795459136", "1795459136", "epoch-seconds")).toBe("tied");
  });

  test("is the same only where no time is rounded: of two in one second either may be newer", () => {
    const [early, late] = [1_795_459_136_100_000n, 1_795_459_136_900_000n];
    for (const form of ["epoch-seconds", "epoch-milliseconds"] as const) {
      const [found, source] = [late, early].map((time) => renderInstant(time, form));
      const expected = form === "epoch-seconds" ? "tied" : "newer";
      expect(compareActivity(found as string, source as string, form)).toBe(expected);
      expect(compareActivity("1.0", "1", form)).toBe("tied");
    }
    expect(compareTexts("1.0", "1", "number")).toBe("same");
    expect(compareTexts(A, A, "iso")).toBe("same");
  });

  test("is the oldest when absent, and the same when absent on both sides", () => {
    for (const form of TIMESTAMP_FORMS) {
      const source = renderInstant(-1n, form);
      expect(compareActivity(null, source, form)).toBe("older");
      expect(compareActivity(source, null, form)).toBe("newer");
      expect(compareActivity(null, null, form)).toBe("same");
    }
  });

  test.each([
    "",
    " ",
    "never",
    "1795459136",
    "2026-11-23 18:38:56.924123",
    "2026-11-23T18:38:56.924Z",
    "2026-11-23T18:38:56.924123",
    "2026-11-23T18:38:56.924123+01:00",
    `${B} `,
    `${B}\n`,
    ` ${B}`,
    "12026-11-23T18:38:56.924123Z",
    "-026-11-23T18:38:56.924123Z",
    "\ufffd",
  ])("cannot be compared with an ISO time when it is %j", (found) => {
    expect(compareActivity(found, A, "iso")).toBe("incomparable");
  });

  test.each([
    "",
    " ",
    "never",
    B,
    "NaN",
    "Infinity",
    "1e9",
    "0x10",
    "+1",
    "1.",
    ".5",
    " 1",
    "1\n",
    "1,5",
    "--1",
    "9".repeat(31),
  ])("cannot be compared with a number when it is %j", (found) => {
    expect(compareActivity(found, "0", "epoch-seconds")).toBe("incomparable");
    expect(compareActivity(found, "0", "epoch-milliseconds")).toBe("incomparable");
  });

  test("is never taken for older or the same unless it has the mapping's form", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.constantFrom(...TIMESTAMP_FORMS),
        (found, form) => {
          fc.pre(!/^[\d.-]+$/.test(found));
          expect(compareActivity(found, form === "iso" ? A : "0", form)).toBe("incomparable");
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});

describe("an expiry that is found in the target", () => {
  test("is newer or older than the source's, and the same within a millisecond", () => {
    const order = [-2, -1, 0, 1, 2].map((step) => compareExpiries(1_000 + step, 1_000));
    expect(order).toStrictEqual(["older", "same", "same", "same", "newer"]);
  });

  test("cannot be compared where the key never expires", () => {
    expect(compareExpiries(null, 1_000)).toBe("incomparable");
    expect(compareExpiries(null, -Infinity)).toBe("incomparable");
  });

  test("is newer than an expiry that lies before all others", () => {
    expect(compareExpiries(0, -Infinity)).toBe("newer");
  });
});

describe("recency", () => {
  const hash = (...fields: string[]) => ({
    type: "hash",
    fields: fields.map((text) => Buffer.from(text)),
    expiresAt: 5_000,
  });
  const source = { recency: "5", expiresAt: 9_000 };
  const byField = { by: "field", name: "seen", form: "number", absent: "-" } as const;

  test("is compared by the field that the store names, whatever the expiries", () => {
    expect(compareRecency(hash("a", "1", "seen", "6"), source, byField)).toBe("newer");
    expect(compareRecency(hash("seen", "4"), source, byField)).toBe("older");
    expect(compareRecency(hash("seen", "5.0"), source, byField)).toBe("same");
    expect(compareRecency(hash("seen", "soon"), source, byField)).toBe("incomparable");
  });

  test("is none where the field is not there, or holds what stands for null", () => {
    for (const found of [hash("a", "seen"), hash(), hash("seen", "-")])
      expect(compareRecency(found, source, byField)).toBe("older");
  });

  test("is compared by the expiry where the store names no field", () => {
    expect(compareRecency(hash("seen", "6"), source, { by: "expiry" })).toBe("older");
  });
});
