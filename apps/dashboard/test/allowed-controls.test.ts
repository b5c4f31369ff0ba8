import { describe, expect, it } from "vitest";
import { allowedControls } from "../src/watch/allowed-controls.js";

const chunks = { total: 2, waiting: 0, active: 0, done: 2, failed: 0 };
const sessions = { planned: 2, read: 2, migrated: 2, kept: 0, expired: 0, rejected: 0 };

describe("an operator", () => {
  it.each([
    ["planning", ["pause", "rate", "cancel"]],
    ["running", ["pause", "rate", "cancel"]],
    ["paused", ["resume", "rate", "cancel"]],
    ["completed", ["verify"]],
    ["failed", ["verify"]],
    ["cancelled", ["verify"]],
  ] as const)("may do to a run that is %s: %j", (phase, expected) => {
    expect(allowedControls({ phase, chunks, sessions }, true)).toEqual(expected);
  });

  it("may retry what failed or was rejected, once the run has ended", () => {
    const troubled = {
      chunks: { ...chunks, failed: 1 },
      sessions: { ...sessions, rejected: 1 },
    };
    expect(allowedControls({ phase: "failed", ...troubled }, true)).toEqual([
      "retry-failed",
      "retry-rejects",
      "verify",
    ]);
    expect(allowedControls({ phase: "running", ...troubled }, true)).not.toContain("retry-failed");
    expect(allowedControls({ phase: "cancelled", ...troubled }, true)).toEqual(["verify"]);
  });

  it("may not verify a run whose plan is incomplete", () => {
    expect(allowedControls({ phase: "cancelled", chunks, sessions }, false)).toEqual([]);
  });
});
