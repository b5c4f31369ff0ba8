import { describe, expect, it } from "vitest";
import { planVerification } from "../src/start-verification.js";

const run = { total: 10, planned: 94, chunkSize: 10 };

describe("a sample", () => {
  it("is as large as asked for, or all there is, and asks of no chunk more than it has", () => {
    for (const sample of [1, 9, 50, 94, 1_000]) {
      const plan = planVerification(run, { mode: "sample", sample });
      const sizes = [...plan.values()];
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(Math.min(sample, run.planned));
      for (const [chunk, size] of plan) {
        expect(chunk).toBeLessThan(run.total);
        expect(size).toBeLessThanOrEqual(chunk === 9 ? 4 : 10);
      }
    }
  });

  it("gives each chunk its share", () => {
    const large = { total: 10, planned: 100_000, chunkSize: 10_000 };
    for (const size of planVerification(large, { mode: "sample", sample: 10_000 }).values()) {
      expect(size).toBeGreaterThan(700);
      expect(size).toBeLessThan(1_300);
    }
  });
});

describe("a count", () => {
  it("takes every chunk whole, and the target's keys", () => {
    const plan = planVerification(run, { mode: "count", sample: 5 });
    expect([...plan.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(plan.values())).toEqual(new Set([0]));
  });

  it("of an empty run looks at the target alone", () => {
    const empty = { total: 0, planned: 0, chunkSize: 10 };
    expect(planVerification(empty, { mode: "count", sample: 1 })).toEqual(new Map([[0, 0]]));
  });
});

describe("a last chunk that grew while the plan was made", () => {
  it("is sampled as one chunk, and no chunk past it", () => {
    const plan = planVerification(
      { total: 2, planned: 28, chunkSize: 5 },
      { mode: "sample", sample: 28 },
    );
    expect(plan).toEqual(
      new Map([
        [0, 5],
        [1, 23],
      ]),
    );
  });
});
