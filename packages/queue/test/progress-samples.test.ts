import { describe, expect, it } from "vitest";
import { zeroCounts } from "@rehome/core";
import { readSamples, recordChunk } from "../src/index.js";
import { freshQueue, plannedRun } from "./queue-fixture.js";

describe("the samples of a run", () => {
  it("stay few however long it takes: every other one goes, the first and the latest stay", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    const base = `{rehome}:run:${run}`;
    const start = Date.now() - 1_000_000;
    const past = Array.from({ length: 720 }, (_, i) => `${start + i * 1_000} ${i}`);
    await queue.redis.rpush(`${base}:series`, ...past);
    await queue.redis.rpush(`${base}:samples`, ...past, ...past);
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 1_000 });
    const { recent, whole } = await readSamples(queue, run);
    expect(recent).toHaveLength(900);
    expect(whole).toHaveLength(361);
    expect(whole[0]).toEqual({ at: start, read: 0 });
    expect([recent.at(-1)?.read, whole.at(-1)?.read]).toEqual([1_000, 1_000]);
    expect(await queue.redis.hget(base, "seriesStep")).toBe("2000");
    expect((await readSamples(queue, run, 2)).whole).toEqual(whole.slice(-2));
  });
});
