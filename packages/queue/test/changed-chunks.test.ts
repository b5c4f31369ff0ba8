import { zeroCounts } from "@rehome/core";
import { describe, expect, it } from "vitest";
import { failChunk, readChangedChunks, recordChunk, retryRun, finalizeRun } from "../src/index.js";
import { freshQueue, plannedRun, stageOne } from "./queue-fixture.js";

describe("the changes of a run's chunks", () => {
  it("are read once each, with what became of the chunk and what it took", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 3);
    await recordChunk(queue, run, 2, "a", { ...zeroCounts(), read: 5 }, { attempts: 2, ms: 12.6 });
    await failChunk(queue, run, 0, "queue: broken", { attempts: 10, ms: 3 });
    const first = await readChangedChunks(queue, run, 0, 100);
    expect(first).toMatchObject({
      restored: false,
      chunks: [
        {
          chunk: 2,
          entry: { state: "done", counts: { read: 5 } },
          stats: { attempts: 2, ms: 13 },
        },
        {
          chunk: 0,
          entry: { state: "failed", reason: "queue: broken" },
          stats: { attempts: 10, ms: 3 },
        },
      ],
    });
    expect((await readChangedChunks(queue, run, first.next, 100)).chunks).toEqual([]);
    await recordChunk(queue, run, 1, "a", { ...zeroCounts(), read: 10 });
    expect((await readChangedChunks(queue, run, first.next, 100)).chunks).toMatchObject([
      { chunk: 1, stats: null },
    ]);
  });

  it("come in pages, none left out", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 25);
    for (let i = 0; i < 25; i += 1) await recordChunk(queue, run, i, "a", zeroCounts());
    const seen: number[] = [];
    let after = 0;
    for (let page = 0; page < 3; page += 1) {
      const { next, chunks } = await readChangedChunks(queue, run, after, 10);
      seen.push(...chunks.map(({ chunk }) => chunk));
      after = next;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => i));
  });

  it("include the chunks that are tried again", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    await stageOne(queue, run, 0, "a");
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 10, rejected: 1 });
    await failChunk(queue, run, 1, "broken");
    await finalizeRun(queue, run);
    const { next } = await readChangedChunks(queue, run, 0, 100);
    await retryRun(queue, run);
    const { chunks } = await readChangedChunks(queue, run, next, 100);
    expect(chunks.map(({ chunk, entry }) => [chunk, entry.state])).toEqual([
      [0, "retry"],
      [1, "open"],
    ]);
  });

  it("begin anew where the ledger was restored from an older state", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue, 2);
    await recordChunk(queue, run, 0, "a", zeroCounts());
    expect(await readChangedChunks(queue, run, 5, 100)).toMatchObject({ next: 0, restored: true });
  });
});
