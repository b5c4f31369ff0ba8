import { newRunId, type RunId } from "@rehome/core";
import {
  admitBatch,
  changeRate,
  closePlan,
  createRun,
  openQueue,
  type QueueConnection,
} from "@rehome/queue";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { frozenRun } from "../../../packages/queue/test/frozen-run.js";
import { admit } from "../src/admission.js";
import type { Context, Task } from "../src/context.js";

let queue: QueueConnection;

beforeEach(async () => {
  queue = await openQueue(new URL(inject("queueUrl")), { patient: true });
  await queue.redis.flushall();
});

afterEach(() => queue.close());

async function slowRun(): Promise<RunId> {
  const run = newRunId(new Date());
  await createRun(queue, run, frozenRun, { maxRate: 1, maxRejects: null });
  await closePlan(queue, run, { exists: true, size: 100 });
  return run;
}

describe("a batch that waits for its turn", () => {
  it("is admitted once the rate allows it, and counted then, not before", async () => {
    const run = await slowRun();
    // An hour is paid for before this batch's turn comes.
    await admitBatch(queue, run, 3_600);
    const counted: number[] = [];
    const context = { queue, onBatch: (sessions: number) => counted.push(sessions) };
    const task = { run, signal: new AbortController().signal, log: pino({ enabled: false }) };
    const admitted = admit(context as unknown as Context, task as unknown as Task, 100);
    await expect(
      Promise.race([admitted, new Promise((go) => setTimeout(go, 700, "waits"))]),
    ).resolves.toBe("waits");
    expect(counted).toEqual([]);
    await changeRate(queue, run, null);
    await admitted;
    expect(counted).toEqual([100]);
  });
});
