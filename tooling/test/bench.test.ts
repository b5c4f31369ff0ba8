import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import type { Measured } from "../src/bench/measure.js";
import { median, ratioOf, renderTable } from "../src/bench/table.js";

const MAIN = fileURLToPath(new URL("../dist/bench/main.js", import.meta.url));

const WAYS = [
  "textbook",
  "one-liner, as first written",
  "one-liner: psql",
  "1 worker, newer",
  "2 workers, replace",
  "by HSET",
];

test(
  "every way of the benchmark leaves the same sessions, and has its line in the results",
  { timeout: 180_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "rehome-bench-test-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const results = join(folder, "results.md");
    const size = ["--sessions", "3000", "--users", "700", "--rounds", "1"];
    // It throws, and exits with 1, where a way leaves other sessions, fields or expiries than the source has.
    const { stdout } = await execa(process.execPath, [MAIN, ...size, "--results", results]);
    const report = await readFile(results, "utf8");
    expect(report.trim()).toBe(stdout.trim());
    for (const way of WAYS)
      expect(report).toMatch(new RegExp(`^\\| [^|]*${way}[^|]* \\| [\\d,]+ `, "m"));
  },
);

const turn = (seconds: number): Measured => ({
  moved: 1_000,
  seconds,
  loaderSeconds: seconds / 2,
  peakBytes: null,
  postgresSeconds: null,
  redisSeconds: 0.001,
  bytesPerSession: 600,
});

test("ratios are of medians, and what could not be measured is a dash", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  const [fast, slow] = [
    [turn(1), turn(2), turn(9)],
    [turn(5), turn(4), turn(6)],
  ];
  expect(ratioOf(fast, slow)).toBe(2.5);
  const table = renderTable(
    [
      { name: "fast", turns: fast },
      { name: "slow", turns: slow },
    ],
    "slow",
    1_000,
  );
  const cells = table.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells.slice(2).map((line) => line.slice(1, -1))).toEqual([
    ["fast", "500 (111–1,000)", "2.50×", "1000.0 / – / 1.0", "600", "–"],
    ["slow", "200 (167–250)", "1.00×", "2500.0 / – / 1.0", "600", "–"],
  ]);
  expect(new Set(table.split("\n").map((line) => line.length)).size).toBe(1);
});
