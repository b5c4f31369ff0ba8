import type { SessionId, TransformedBatch } from "@rehome/core";
import { describe, expect, it } from "vitest";
import { LoadsInFlight } from "../src/loads-in-flight.js";

/** Loads that end when they are told to. */
function scene() {
  const begun: { batch: TransformedBatch; end: () => void; fail: (error: Error) => void }[] = [];
  const loads = new LoadsInFlight(
    "text",
    (batch) => new Promise((end, fail) => void begun.push({ batch, end, fail })),
  );
  return { loads, begun };
}

async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise<string>((resolve) => setTimeout(resolve, 5, "later"));
  return (await Promise.race([promise.catch(() => undefined), later])) !== "later";
}

function enlarge(batch: TransformedBatch): void {
  const id = Buffer.from("a" as SessionId);
  const value = Buffer.alloc(5 * 1024 * 1024);
  batch.setId(id, 0, id.length);
  batch.addField(Buffer.from("f"), value, 0, value.length);
  batch.write(1);
}

describe("the loads of a chunk", () => {
  it("are two at the most, and the third takes the batch of one that has ended", async () => {
    const { loads, begun } = scene();
    const first = await loads.room();
    loads.begin(first);
    const second = await loads.room();
    expect(second).not.toBe(first);
    loads.begin(second);
    const room = loads.room();
    expect(await isDone(room)).toBe(false);
    begun[0]?.end();
    expect(await room).toBe(first);
  });

  it("are one at the most where a batch has grown large, which alone is filled again", async () => {
    const { loads, begun } = scene();
    const small = await loads.room();
    loads.begin(small);
    const large = await loads.room();
    enlarge(large);
    loads.begin(large);
    const room = loads.room();
    begun[0]?.end();
    expect(await isDone(room)).toBe(false);
    begun[1]?.end();
    expect(await room).toBe(large);
  });

  it("are over when all have ended, and the first that failed is told of", async () => {
    const { loads, begun } = scene();
    loads.begin(await loads.room());
    loads.begin(await loads.room());
    begun[0]?.fail(new Error("refused"));
    await expect(loads.room()).rejects.toThrow("refused");
    await expect(loads.finish()).rejects.toThrow("refused");
    const settled = loads.settle();
    expect(await isDone(settled)).toBe(false);
    begun[1]?.end();
    await settled;
  });
});
