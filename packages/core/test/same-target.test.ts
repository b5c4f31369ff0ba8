import { expect, test } from "vitest";
import { isSameServer, isSameTarget } from "../src/index.js";

const there = { runId: "process", address: "redis.example:6379/1" };

test.each([
  ["at the same address, restarted", { runId: "other", address: there.address }, true],
  ["at the same address, where INFO is not allowed", { runId: "", address: there.address }, true],
  ["under another name", { runId: "process", address: "192.0.2.7:6379/1" }, true],
  ["another database of the same server", { runId: "process", address: "192.0.2.7:6379/0" }, false],
  ["another server", { runId: "other", address: "192.0.2.7:6379/1" }, false],
])("a target is the run's when it is %s: %o (%s)", (_, here, same) => {
  expect(isSameTarget(here, there)).toBe(same);
});

test("two servers that do not tell their run_id are not the same for that", () => {
  expect(isSameTarget({ runId: "", address: "a:1/0" }, { runId: "", address: "b:1/0" })).toBe(
    false,
  );
});

test("an address alone makes no server the same: it may lead elsewhere on another machine", () => {
  expect(isSameServer({ runId: "other", address: there.address }, there)).toBe(false);
  expect(isSameServer({ runId: "", address: there.address }, { ...there, runId: "" })).toBe(false);
  expect(isSameServer({ runId: "process", address: "192.0.2.7:6379/1" }, there)).toBe(true);
});
