import { expect, test } from "vitest";
import { chunkSizeAt } from "../src/index.js";

test.each([
  [null, 20_000, 20_000],
  [1, 20_000, 30],
  [400, 20_000, 12_000],
  [400, 500, 500],
  [1_000, 20_000, 20_000],
])(
  "at a rate of %s, chunks of %i become chunks of %i, which take half a minute at most",
  (rate, size, capped) => {
    expect(chunkSizeAt(rate, size)).toBe(capped);
  },
);
