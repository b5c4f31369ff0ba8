import { describe, expect, it } from "vitest";
import {
  AdaptiveConcurrency,
  FEWEST_CHUNKS,
  MOST_CHUNKS,
  type Observation,
} from "../src/adaptive-concurrency.js";

const MIB = 1024 * 1024;

/** A worker that copies `rate(chunks)` sessions a second, observed `times` times. */
function observe(
  concurrency: AdaptiveConcurrency,
  times: number,
  rate: (chunks: number) => number,
  others: Partial<Observation> = {},
): number {
  for (let i = 0; i < times; i += 1) {
    const { chunks } = concurrency;
    concurrency.observe({
      inHand: chunks,
      rate: rate(chunks),
      loop: 0.3,
      machine: 0.4,
      residentBytes: 100 * MIB,
      ...others,
    });
  }
  return concurrency.chunks;
}

const inProportion = (chunks: number): number => chunks * 1_000;
const alwaysTheSame = (): number => 10_000;

describe("a worker that finds out how many chunks to hold", () => {
  it("begins with a few, and takes more for as long as it copies more by that", () => {
    const concurrency = new AdaptiveConcurrency();
    expect(concurrency.chunks).toBe(FEWEST_CHUNKS);
    expect(observe(concurrency, 60, (chunks) => Math.min(chunks, 8) * 1_000)).toBe(8);
  });

  it("never takes more than the most", () => {
    const others = { residentBytes: 0 };
    expect(observe(new AdaptiveConcurrency(), 1_000, inProportion, others)).toBe(MOST_CHUNKS);
  });

  it("steps back from a number that brought nothing, and tries it again only much later", () => {
    const concurrency = new AdaptiveConcurrency();
    let tried = 0;
    for (let i = 0; i < 100; i += 1) {
      const before = concurrency.chunks;
      if (observe(concurrency, 1, alwaysTheSame) > before) tried += 1;
    }
    expect(tried).toBe(2);
    expect(observe(concurrency, 5, alwaysTheSame)).toBe(FEWEST_CHUNKS);
  });

  it.each([
    ["its event loop is busy", { loop: 0.9 }],
    ["the processors of its machine are, with whatever", { machine: 0.95 }],
    ["there is no memory for more", { residentBytes: 230 * MIB }],
    ["it holds fewer than it may", { inHand: 1 }],
    ["it waits for something else, and copies nothing", { rate: 0 }],
  ])("takes no more while %s", (_, others) => {
    expect(observe(new AdaptiveConcurrency(), 50, inProportion, others)).toBe(FEWEST_CHUNKS);
  });

  it("gives up half of them when memory is short, down to the few", () => {
    const concurrency = new AdaptiveConcurrency();
    observe(concurrency, 60, inProportion);
    const before = concurrency.chunks;
    expect(observe(concurrency, 1, inProportion, { residentBytes: 250 * MIB })).toBe(before / 2);
    expect(observe(concurrency, 9, inProportion, { residentBytes: 250 * MIB })).toBe(FEWEST_CHUNKS);
  });

  it("compares no run with the one before", () => {
    const concurrency = new AdaptiveConcurrency();
    observe(concurrency, 4, inProportion);
    const trial = concurrency.chunks;
    expect(trial).toBeGreaterThan(FEWEST_CHUNKS);
    observe(concurrency, 1, () => 0, { inHand: 0 });
    expect(observe(concurrency, 3, () => 1)).toBeGreaterThanOrEqual(trial);
  });
});
