import { describe, expect, it } from "vitest";
import { planVerification } from "../src/start-verification.js";

const sizes = [10, 10, 10, 10, 10, 10, 10, 10, 10, 4];

describe("a sample", () => {
  it("is as large as asked for, or all there is, and asks of no chunk more than it has", () => {
    for (const sample of [1, 9, 50, 94, 1_000]) {
      const plan = planVerification(sizes, null, { mode: "sample", sample });
      const asked = [...plan.values()].reduce((sum, size) => sum + size, 0);
      expect(asked).toBe(Math.min(sample, 94));
      for (const [chunk, size] of plan) expect(size).toBeLessThanOrEqual(sizes[chunk] ?? 0);
    }
  });

  it("gives each chunk its share", () => {
    const large = Array.from({ length: 10 }, () => 10_000);
    for (const size of planVerification(large, null, { mode: "sample", sample: 10_000 }).values()) {
      expect(size).toBeGreaterThan(700);
      expect(size).toBeLessThan(1_300);
    }
  });
});

describe("a count", () => {
  it("takes every chunk whole, and the target's keys", () => {
    const plan = planVerification(sizes, null, { mode: "count", sample: 5 });
    expect([...plan.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(plan.values())).toEqual(new Set([0]));
  });

  it("of an empty run looks at the target alone", () => {
    const plan = planVerification([], null, { mode: "count", sample: 1 });
    expect(plan).toEqual(new Map([[0, 0]]));
  });
});

describe("a last chunk that grew while the plan was made", () => {
  it("is sampled as one chunk, and no chunk past it", () => {
    const plan = planVerification([5, 23], null, { mode: "sample", sample: 28 });
    expect(plan).toEqual(
      new Map([
        [0, 5],
        [1, 23],
      ]),
    );
  });
});

describe("what the closing chunk has read", () => {
  it("is sampled where it lies, in the other chunks", () => {
    const plan = planVerification([30, 30, 4_000], 2, { mode: "sample", sample: 40 });
    expect(new Set(plan.keys())).toEqual(new Set([0, 1]));
    expect((plan.get(0) ?? 0) + (plan.get(1) ?? 0)).toBe(40);
  });

  it("and all else is sampled whole where the sample is, however much lies in each chunk by now", () => {
    const plan = planVerification([30, 0, 30, 40], 3, { mode: "sample", sample: 60 });
    expect([...plan.keys()]).toEqual([0, 1, 2]);
    for (const size of plan.values()) expect(size).toBeGreaterThan(1_000_000_000);
  });
});
