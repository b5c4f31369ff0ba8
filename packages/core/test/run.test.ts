import { describe, expect, test } from "vitest";
import {
  ACTIVE_PHASES,
  COPYING_PHASES,
  isActive,
  isRunId,
  newRunId,
  type Phase,
  PHASES,
  phasesBefore,
  PLANNABLE_PHASES,
  RETRYABLE_PHASES,
  TRANSITIONS,
} from "../src/index.js";

/** Each with the contract's reason for it; every other change is illegal. */
const LEGAL: readonly (readonly [Phase, Phase, string])[] = [
  ["planning", "running", "the plan is complete"],
  ["planning", "paused", "pause"],
  ["planning", "failed", "the run had to stop"],
  ["planning", "cancelled", "cancel"],
  ["running", "paused", "pause"],
  ["running", "completed", "every chunk is done"],
  ["running", "failed", "no chunk is left to run and one failed for good"],
  ["running", "cancelled", "cancel"],
  ["paused", "planning", "resume goes on with a plan that was interrupted"],
  ["paused", "running", "resume"],
  ["paused", "failed", "the run had to stop"],
  ["paused", "cancelled", "cancel"],
  ["completed", "running", "retry"],
  ["failed", "running", "retry"],
  ["failed", "planning", "retry of a run that had to stop before its plan was complete"],
];

test("the phases are the contract's six", () => {
  expect(PHASES).toStrictEqual([
    "planning",
    "running",
    "paused",
    "completed",
    "failed",
    "cancelled",
  ]);
});

describe("a run's phase", () => {
  test.each(LEGAL)("may go from %s to %s: %s", (from, to) => {
    expect(TRANSITIONS[from]).toContain(to);
    expect(phasesBefore(to)).toContain(from);
  });

  const illegal = PHASES.flatMap((from) => PHASES.map((to) => [from, to] as const)).filter(
    ([from, to]) => !LEGAL.some(([a, b]) => a === from && b === to),
  );
  test.each(illegal)("may not go from %s to %s", (from, to) => {
    expect(TRANSITIONS[from]).not.toContain(to);
    expect(phasesBefore(to)).not.toContain(from);
  });
});

test("a second run may start only when the first is neither planning, running nor paused", () => {
  expect(PHASES.filter(isActive)).toStrictEqual(["planning", "running", "paused"]);
  expect(ACTIVE_PHASES).toStrictEqual(["planning", "running", "paused"]);
});

test("the other sets of phases follow from the legal changes", () => {
  const ended = PHASES.filter((phase) => !isActive(phase));
  expect(ended.filter((phase) => phasesBefore("running").includes(phase))).toStrictEqual(
    RETRYABLE_PHASES,
  );
  expect(COPYING_PHASES).toStrictEqual(phasesBefore("paused"));
  expect(PLANNABLE_PHASES).toStrictEqual(
    ACTIVE_PHASES.filter(
      (phase) => phase === "planning" || phasesBefore("planning").includes(phase),
    ),
  );
});

describe("a run id", () => {
  test("tells the UTC second it was made in", () => {
    const id = newRunId(new Date("2026-11-23T18:38:56.999Z"));
    expect(id).toMatch(/^20261123-183856-[a-z0-9]{4}$/);
    expect(isRunId(id)).toBe(true);
  });

  test("sorts by time and is well formed, whatever its random part", () => {
    const times = [
      "2025-12-31T23:59:59Z",
      "2026-01-01T00:00:00Z",
      "2026-01-01T00:00:01Z",
      "2026-01-10T00:00:00Z",
    ];
    for (let i = 0; i < 50; i += 1) {
      const ids = times.map((time) => newRunId(new Date(time)));
      expect(ids.toReversed().toSorted()).toStrictEqual(ids);
      expect(ids.filter((id) => !isRunId(id))).toStrictEqual([]);
    }
  });

  test("is not shared by runs of the same second, but for one in 1.6 million", () => {
    const ids = Array.from({ length: 20 }, () => newRunId(new Date(0)));
    expect(new Set(ids).size).toBeGreaterThan(17);
  });

  test.each([
    "",
    "20261123-183856",
    "20261123-183856-k3f",
    "20261123-183856-k3f99",
    "20261123-183856-K3F9",
    " 20261123-183856-k3f9",
    "20261123-183856-k3f9\n",
    "20261123-183856-k3f9-copy-1",
    "20261123-183856-k3:9",
    "20261123-183856-k}f9",
  ])("is not %j", (text) => {
    expect(isRunId(text)).toBe(false);
  });
});
