import { expect, test } from "vitest";
import { rejectLimit } from "../src/index.js";

test.each([
  [0, 1_000],
  [100_000, 1_000],
  [100_099, 1_000],
  [100_100, 1_001],
  [5_000_000, 50_000],
])("a run of %i planned sessions may reject %i of them", (planned, limit) => {
  expect(rejectLimit(planned)).toBe(limit);
});
