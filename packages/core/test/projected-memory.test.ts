import { describe, expect, test } from "vitest";
import { projectMemory } from "../src/index.js";

const facts = { atStart: 1_000_000, now: 2_000_000, planned: 10_000, read: 2_500, migrated: 2_000 };

describe("the projection of the target's memory", () => {
  test("lets what is left grow it as what was copied did", () => {
    expect(projectMemory(facts)).toBe(5_000_000);
  });

  test("of a run that has read everything is what is used", () => {
    expect(projectMemory({ ...facts, read: 10_000 })).toBe(2_000_000);
  });

  test("says nothing while too little was copied, or nothing has grown", () => {
    expect(projectMemory({ ...facts, migrated: 999 })).toBeNull();
    expect(projectMemory({ ...facts, now: 900_000 })).toBeNull();
  });
});
