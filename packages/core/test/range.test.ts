import { describe, expect, it, test } from "vitest";
import { chunkSizeAt, usualChunkSize } from "../src/index.js";

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

describe("a chunk for which no size is given", () => {
  it.each([
    [1_000, 20_000],
    [240_000, 20_000],
    [1_000_000, 83_334],
    [100_000_000, 100_000],
  ])("is a twelfth of %i sessions in physical order, within bounds: %i", (sessions, size) => {
    const file = { oid: 1, filenode: 1, pages: 1, sessions: sessions / 2 };
    expect(usualChunkSize({ kind: "physical", since: "1", files: [file, file] })).toBe(size);
  });

  it("has the usual size in the order of ids, however many sessions there are", () => {
    expect(usualChunkSize({ kind: "id" })).toBe(20_000);
  });
});
