import { describe, expect, it } from "vitest";
import { ratesOf, runRates } from "../page/chart/rates.js";
import { makeChunkLetters } from "../page/chunk-letters.js";
import { bytes, milliseconds, percent, span } from "../page/figures.js";
import { cellAt, describeCell, layCells, lookOf, tellingChunk } from "../page/map/cells.js";

describe("figures", () => {
  it("never say that all is done before it is", () => {
    expect([percent(999_999, 1_000_000), percent(5, 5), percent(0, 0)]).toEqual([
      "99.9 %",
      "100 %",
      "–",
    ]);
  });

  it("come with the unit that fits", () => {
    expect([span(59.4), span(187), span(7_500), span(273_600)]).toEqual([
      "59 s",
      "3 min 07 s",
      "2 h 05 min",
      "3 d 4 h",
    ]);
    expect([bytes(0), bytes(1_536), bytes(627 * 1024 ** 2)]).toEqual(["0 B", "1.5 KB", "627 MB"]);
    expect([milliseconds(69), milliseconds(1_234), milliseconds(90_000)]).toEqual([
      "69 ms",
      "1.2 s",
      "1 min 30 s",
    ]);
  });
});

describe("rates", () => {
  it("are what was read in each step, and nothing where nothing was", () => {
    const samples = [
      [0, 0],
      [10_000, 1_000],
      [20_000, 1_000],
      [30_000, 3_000],
    ] as const;
    const { times, values } = ratesOf(samples, 0, 30_000);
    expect(times).toHaveLength(15);
    expect(values.map(Math.round)).toEqual([
      100, 100, 100, 100, 100, 0, 0, 0, 0, 0, 200, 200, 200, 200, 200,
    ]);
  });

  it("are few however long the run, and none of an empty span", () => {
    expect(ratesOf([[0, 0]], 0, 1_000_000_000).times.length).toBeLessThanOrEqual(181);
    expect(ratesOf([[0, 0]], 5, 5).times).toEqual([]);
    expect(ratesOf([], 0, 1_000).times).toEqual([]);
  });

  it("of a run that has ended hold what was read after the last sample", () => {
    const status = {
      startedAt: new Date(0).toISOString(),
      finishedAt: new Date(2_000).toISOString(),
      sessions: { planned: 400, read: 400, migrated: 400, kept: 0, expired: 0, rejected: 0 },
    };
    const samples: [number, number][] = [[500, 20]];
    const expected = { times: [0, 2], values: [200, 200] };
    expect(runRates({ recent: samples, whole: samples }, status, true)).toEqual(expected);
    expect(runRates({ recent: samples, whole: samples }, status, false)).toEqual(expected);
  });

  it("of a run so short that there is but one are a line all the same", () => {
    const samples: [number, number][] = [
      [0, 0],
      [2_000, 400],
    ];
    expect(ratesOf(samples, 0, 2_000)).toEqual({ times: [0, 2], values: [200, 200] });
  });

  it("are never below zero, though a chunk copied again may read less", () => {
    const { values } = ratesOf(
      [
        [0, 100],
        [10_000, 50],
      ],
      0,
      10_000,
    );
    expect(Math.min(...values)).toBe(0);
  });
});

describe("the cells of the map", () => {
  const letters = makeChunkLetters();

  it("stand for one chunk each up to 5,000, and for several beyond", () => {
    expect(layCells(5_000, 1_000, 240, 24)).toMatchObject({ count: 5_000, per: 1 });
    expect(layCells(5_001, 1_000, 240, 24)).toMatchObject({ count: 2_501, per: 2 });
    expect(layCells(50_000, 343, 240, 24)).toMatchObject({ count: 5_000, per: 10, size: 4 });
    expect(layCells(20, 1_000, 240, 24)).toMatchObject({ size: 24 });
  });

  it("are found where they are drawn, and nowhere else", () => {
    const cells = layCells(30, 240, 240, 24);
    expect(cells.columns).toBe(10);
    expect([cellAt(cells, 1, 1), cellAt(cells, 239, 25), cellAt(cells, 30, 71)]).toEqual([
      0, 19, 21,
    ]);
    for (const [x, y] of [
      [-1, 1],
      [241, 1],
      [1, 73],
      [1, -1],
    ] as const)
      expect(cellAt(cells, x, y)).toBeNull();
  });

  it("show what needs attention first, and tell of that chunk", () => {
    letters.replace("d".repeat(4_996) + "wwra" + "d".repeat(4_000) + "dfdd");
    const cells = layCells(letters.size(), 1_000, 240, 24);
    expect(cells.per).toBe(2);
    const of = (chunk: number) => lookOf(cells, letters, Math.floor(chunk / 2));
    expect(of(0)).toEqual({ letter: "d", done: 1 });
    expect(of(4_996)).toEqual({ letter: "w", done: 0 });
    expect(of(4_998)).toEqual({ letter: "a", done: 0.5 });
    expect(of(9_000)).toEqual({ letter: "f", done: 0.5 });
    expect(tellingChunk(cells, letters, 4_500)).toBe(9_001);
    expect(describeCell(cells, letters, 4_500)).toBe("chunks 9000 to 9001: 1 done, 1 failed");
  });

  it("know how many chunks of each state there are, whatever changes", () => {
    letters.replace("wwd");
    const heard: unknown[] = [];
    letters.onChange((changed) => heard.push(changed));
    letters.change([[0, "a"]]);
    letters.change([
      [0, "d"],
      [3, "w"],
    ]);
    expect(letters.counts()).toMatchObject({ w: 2, d: 2, a: 0 });
    expect(heard).toEqual([[0], null]);
  });
});
