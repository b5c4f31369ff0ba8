import { describe, expect, test } from "vitest";
import { eta, rate } from "../src/index.js";

describe("the rate", () => {
  test("is sessions read per second from the first sample to the last", () => {
    expect(
      rate([
        { at: 1_000, read: 100 },
        { at: 2_000, read: 900 },
        { at: 5_000, read: 1_300 },
      ]),
    ).toBe(300);
    expect(
      rate([
        { at: 0, read: 0 },
        { at: 500, read: 1 },
      ]),
    ).toBe(2);
  });

  test("is told to a tenth", () => {
    expect(
      rate([
        { at: 0, read: 0 },
        { at: 3_000, read: 1 },
      ]),
    ).toBe(0.3);
  });

  test("is 0 when time passed and nothing was read", () => {
    expect(
      rate([
        { at: 0, read: 7 },
        { at: 1_000, read: 7 },
      ]),
    ).toBe(0);
  });

  test("is never negative, though a chunk run again may read fewer sessions than it did", () => {
    expect(
      rate([
        { at: 0, read: 7 },
        { at: 1_000, read: 5 },
      ]),
    ).toBe(0);
  });

  test("is unknown while no time has passed, or a clock went back", () => {
    expect(rate([])).toBeNull();
    expect(rate([{ at: 0, read: 7 }])).toBeNull();
    expect(
      rate([
        { at: 9, read: 7 },
        { at: 9, read: 8 },
      ]),
    ).toBeNull();
    expect(
      rate([
        { at: 9, read: 7 },
        { at: 8, read: 8 },
      ]),
    ).toBeNull();
  });
});

describe("the estimate", () => {
  test("is the seconds until what is planned has been read", () => {
    expect(eta(1_000, 400, 300)).toBe(2);
    expect(eta(1_000, 0, 3)).toBe(333.3);
  });

  test("is 0 when more was read than planned, since rows may be added meanwhile", () => {
    expect(eta(1_000, 1_000, 300)).toBe(0);
    expect(eta(1_000, 1_001, 300)).toBe(0);
  });

  test("is unknown while the rate is unknown or 0", () => {
    expect(eta(1_000, 400, null)).toBeNull();
    expect(eta(1_000, 400, 0)).toBeNull();
  });
});
