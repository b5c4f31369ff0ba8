import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { step, stepThrough } from "../src/index.js";

const told: string[] = [];
const onStart = (message: unknown) =>
  void told.push(`before ${(message as { name: string }).name}`);
const onEnd = (message: unknown) => void told.push(`after ${(message as { name: string }).name}`);
beforeEach(() => {
  told.length = 0;
  subscribe("tracing:rehome:step:start", onStart);
  subscribe("tracing:rehome:step:asyncEnd", onEnd);
});
afterEach(() => {
  unsubscribe("tracing:rehome:step:start", onStart);
  unsubscribe("tracing:rehome:step:asyncEnd", onEnd);
});

test("a step is told of before its work and after it, and gives what the work gave", async () => {
  const result = step("one", async () => {
    told.push("work");
    return 7;
  });
  expect(await result).toBe(7);
  expect(told).toEqual(["before one", "work", "after one"]);
});

test("each item read is a step, and leaving early ends the reading", async () => {
  let ended = false;
  async function* items() {
    try {
      yield* [1, 2, 3];
    } finally {
      ended = true;
    }
  }
  for await (const item of stepThrough("read", items())) if (item === 2) break;
  expect(told).toEqual(["before read", "after read", "before read", "after read"]);
  expect(ended).toBe(true);
});

test("what fails in a step fails outside of it", async () => {
  await expect(step("one", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
});
