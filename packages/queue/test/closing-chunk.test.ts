import { type ReadingOrder, type RunId, zeroCounts } from "@rehome/core";
import { Worker } from "bullmq";
import { describe, expect, it } from "vitest";
import {
  closePlan,
  enqueueChunks,
  failChunk,
  finalizeRun,
  jobId,
  listRunSummaries,
  pauseRun,
  type QueueConnection,
  readChunkState,
  readRun,
  readStatus,
  readVerification,
  recordBounds,
  recordChunk,
  requeueLost,
  resumeRun,
  retryRun,
  startVerification,
} from "../src/index.js";
import { endingAt, finish, freshQueue, startedRun } from "./queue-fixture.js";

const PHYSICAL: ReadingOrder = { kind: "physical", since: "1000", files: [] };

/** Of two chunks of pages and the one that closes the run. */
const CLOSING = 2;

/** A run of three chunks in physical order, as a planner leaves it, before it finalizes it. */
async function plannedRun(queue: QueueConnection): Promise<RunId> {
  const run = await startedRun(queue, {}, PHYSICAL);
  await recordBounds(queue, run, 0, endingAt("0/1", "1/0"));
  await enqueueChunks(queue, run, "copy", [0, 1]);
  await closePlan(queue, run, { exists: true, size: 0 });
  return run;
}

/** Of the closing chunk's job; "unknown" where it has none. */
async function jobState(queue: QueueConnection, run: RunId): Promise<string> {
  return await queue.jobs.getJobState(jobId(run, "copy", CLOSING));
}

/** Takes every job that waits and completes it, as a worker does after it has recorded the chunk. */
async function completeJobs(queue: QueueConnection): Promise<void> {
  const connection = queue.client.duplicate({ maxRetriesPerRequest: null });
  const worker = new Worker("chunks", null, { connection, prefix: "{rehome}", autorun: false });
  for (;;) {
    const job = await worker.getNextJob("token", { block: false });
    if (job === undefined) break;
    await job.moveToCompleted(null, "token", false);
  }
  await worker.close();
  connection.disconnect();
}

/** A run whose first chunk failed, and of which all else is copied: 10 sessions, and 3 once more at its end. */
async function runWithFailure(queue: QueueConnection): Promise<RunId> {
  const run = await plannedRun(queue);
  await failChunk(queue, run, 0, "broken");
  await finish(queue, run, 1, { read: 10, migrated: 10 });
  await finish(queue, run, CLOSING, { read: 3, migrated: 3 });
  await completeJobs(queue);
  return run;
}

describe("the closing chunk is enqueued", () => {
  it("when the last of the others is recorded, and not before", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    expect(await finalizeRun(queue, run)).toBe("running");
    await finish(queue, run, 1, { read: 10, migrated: 10 });
    expect(await jobState(queue, run)).toBe("unknown");
    await finish(queue, run, 0, { read: 10, migrated: 10 });
    expect(await jobState(queue, run)).toBe("waiting");
    expect((await readStatus(queue, run)).phase).toBe("running");
    await finish(queue, run, CLOSING, {});
    expect((await readStatus(queue, run)).phase).toBe("completed");
  });

  it("when the last of the others has failed for good, and the run ends as failed then", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    await finish(queue, run, 1, { read: 10, migrated: 10 });
    await failChunk(queue, run, 0, "broken");
    expect(await finalizeRun(queue, run)).toBe("running");
    expect(await jobState(queue, run)).toBe("waiting");
    await finish(queue, run, CLOSING, { read: 1, migrated: 1 });
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "failed",
      chunks: { total: 3, waiting: 0, done: 2, failed: 1 },
      sessions: { read: 11 },
    });
  });

  it("when the plan becomes complete after all others were copied", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue, {}, PHYSICAL);
    await recordBounds(queue, run, 0, endingAt("0/1", "1/0"));
    for (const chunk of [0, 1]) await finish(queue, run, chunk, { read: 10, migrated: 10 });
    await requeueLost(queue, [run]);
    expect(await jobState(queue, run)).toBe("unknown");
    await closePlan(queue, run, { exists: true, size: 0 });
    expect(await finalizeRun(queue, run)).toBe("running");
    expect(await jobState(queue, run)).toBe("waiting");
  });

  it("where it is the only one there is", async () => {
    const queue = await freshQueue();
    const run = await startedRun(queue, {}, PHYSICAL);
    await closePlan(queue, run, { exists: true, size: 1 });
    await finalizeRun(queue, run);
    expect(await queue.jobs.getJobState(jobId(run, "copy", 0))).toBe("waiting");
  });

  it("once, however often the run is finalized", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    await completeJobs(queue);
    for (const chunk of [0, 1]) await finish(queue, run, chunk, { read: 10, migrated: 10 });
    await Promise.all([1, 2, 3].map(() => finalizeRun(queue, run)));
    expect(await requeueLost(queue, [run])).toBe(0);
    expect(await queue.jobs.getWaitingCount()).toBe(1);
  });

  it("by an idle worker where the one that recorded the last of the others died before it finalized", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    await recordChunk(queue, run, 0, "a", { ...zeroCounts(), read: 10, migrated: 10 });
    expect(await requeueLost(queue, [run])).toBe(0);
    expect(await jobState(queue, run)).toBe("unknown");
    await recordChunk(queue, run, 1, "a", { ...zeroCounts(), read: 10, migrated: 10 });
    expect(await jobState(queue, run)).toBe("unknown");
    expect(await requeueLost(queue, [run])).toBe(1);
    expect(await jobState(queue, run)).toBe("waiting");
  });

  it("by no idle worker as long as others wait, even where their jobs were lost", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    await queue.jobs.obliterate({ force: true });
    expect(await requeueLost(queue, [run])).toBe(2);
    expect(await jobState(queue, run)).toBe("unknown");
  });

  it("by nobody while the run is paused, and by whoever resumes it", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    await pauseRun(queue, run);
    // What workers had in hand.
    for (const chunk of [0, 1]) await finish(queue, run, chunk, { read: 10, migrated: 10 });
    expect(await requeueLost(queue, [run])).toBe(0);
    expect(await jobState(queue, run)).toBe("unknown");
    await resumeRun(queue, run);
    expect(await jobState(queue, run)).toBe("waiting");
  });
});

describe("the closing chunk is copied anew", () => {
  it("after a chunk that had failed: its counts leave the totals, and it is enqueued again", async () => {
    const queue = await freshQueue();
    const run = await runWithFailure(queue);
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "failed",
      sessions: { read: 13, migrated: 13 },
    });
    expect(await jobState(queue, run)).toBe("completed");

    expect(await retryRun(queue, run)).toBe(1);
    // What it has read counts until another chunk is recorded.
    expect((await readStatus(queue, run)).sessions.read).toBe(13);
    expect(await jobState(queue, run)).toBe("completed");
    await finish(queue, run, 0, { read: 10, migrated: 9, kept: 1 });
    expect((await readChunkState(queue, run, CLOSING)).state).toBe("open");
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "running",
      chunks: { total: 3, waiting: 1, done: 2, failed: 0 },
      sessions: { read: 20, migrated: 19, kept: 1 },
      notice: null,
    });
    expect(await jobState(queue, run)).toBe("waiting");
    await finish(queue, run, CLOSING, { read: 4, migrated: 4 });
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "completed",
      chunks: { done: 3 },
      sessions: { read: 24, migrated: 23 },
    });
  });

  it("also where its rejects were tried again before, and that job is still kept as completed", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    await failChunk(queue, run, 0, "broken");
    await finish(queue, run, 1, { read: 10, migrated: 10 });
    await finish(queue, run, CLOSING, { read: 3, migrated: 2, rejected: 1 }, ["x"]);
    await completeJobs(queue);
    expect(await retryRun(queue, run)).toBe(2);
    const before = await readChunkState(queue, run, CLOSING);
    const mended = { ...zeroCounts(), read: 3, migrated: 3 };
    await recordChunk(queue, run, CLOSING, "a", mended, null, { before });
    await completeJobs(queue);
    expect(await jobState(queue, run)).toBe("completed");

    await finish(queue, run, 0, { read: 10, migrated: 10 });
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "running",
      chunks: { waiting: 1 },
      sessions: { read: 20, migrated: 20, rejected: 0 },
    });
    expect(await jobState(queue, run)).toBe("waiting");
  });

  it("also where the attempt of a chunk that others had given up is recorded after it", async () => {
    const queue = await freshQueue();
    const run = await runWithFailure(queue);
    await recordChunk(queue, run, 0, "late", { ...zeroCounts(), read: 10, migrated: 10 });
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "failed",
      chunks: { waiting: 1, done: 2, failed: 0 },
      sessions: { read: 20 },
    });
    expect(await retryRun(queue, run)).toBe(1);
    expect(await jobState(queue, run)).toBe("waiting");
  });

  it("also where such an attempt is recorded while it is being copied", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    await failChunk(queue, run, 0, "broken");
    await finish(queue, run, 1, { read: 10, migrated: 10 });
    const { generation } = await readRun(queue, run);
    // The other one may have read its pages after the closing chunk has looked for what is newer.
    await recordChunk(queue, run, 0, "late", { ...zeroCounts(), read: 10, migrated: 10 });
    const begun = { before: { state: "open" }, generation } as const;
    expect(await recordChunk(queue, run, CLOSING, "a", zeroCounts(), null, begun)).toBe(false);
    expect((await readChunkState(queue, run, CLOSING)).state).toBe("open");
    expect(await readStatus(queue, run)).toMatchObject({
      phase: "running",
      chunks: { waiting: 1 },
    });
  });

  it("not where rejects alone are tried again", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    await finish(queue, run, 0, { read: 10, migrated: 9, rejected: 1 }, ["x"]);
    await finish(queue, run, 1, { read: 10, migrated: 10 });
    await finish(queue, run, CLOSING, { read: 3, migrated: 3 });
    expect(await retryRun(queue, run)).toBe(1);
    const before = await readChunkState(queue, run, 0);
    const mended = { ...zeroCounts(), read: 10, migrated: 10 };
    await recordChunk(queue, run, 0, "a", mended, null, { before });
    expect(await finalizeRun(queue, run)).toBe("completed");
    expect((await readStatus(queue, run)).sessions).toMatchObject({ read: 23, migrated: 23 });
  });

  it("not after a chunk that is recorded twice", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    for (const chunk of [0, 1, CLOSING]) await finish(queue, run, chunk, { read: 1, migrated: 1 });
    await finish(queue, run, 0, { read: 1, migrated: 1 });
    expect((await readChunkState(queue, run, CLOSING)).state).toBe("done");
    expect((await readStatus(queue, run)).phase).toBe("completed");
  });
});

describe("the status of a run in physical order", () => {
  it("tells how many sessions were read once more at its end, and no more than that", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    for (const chunk of [0, 1]) await finish(queue, run, chunk, { read: 10, migrated: 10 });
    expect((await readStatus(queue, run)).notice).toBeNull();
    await finish(queue, run, CLOSING, { read: 3, migrated: 2, kept: 1 });
    expect((await readStatus(queue, run)).notice).toMatch(/^3 sessions .* count twice$/);
    expect((await readRun(queue, run)).newer).toBe(3);
  });

  it("says nothing of it where none was", async () => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    for (const chunk of [0, 1]) await finish(queue, run, chunk, { read: 10, migrated: 10 });
    await finish(queue, run, CLOSING, {});
    expect(await readStatus(queue, run)).toMatchObject({ phase: "completed", notice: null });
  });

  it.each([
    ["fewer", 7],
    ["more", 13],
  ])("replaces the estimate by what was read once it is completed: %s", async (_, read) => {
    const queue = await freshQueue();
    const run = await plannedRun(queue);
    const planned = async () => {
      const [summary] = await listRunSummaries(queue, 1);
      const { sessions } = await readStatus(queue, run);
      expect(summary?.sessions).toEqual(sessions);
      return sessions.planned;
    };
    expect(await planned()).toBe(20);
    for (const chunk of [0, 1]) await finish(queue, run, chunk, { read, migrated: read });
    // Progress beyond the whole makes no sense.
    expect(await planned()).toBe(Math.max(20, 2 * read));
    await finish(queue, run, CLOSING, { read: 1, migrated: 1 });
    expect(await planned()).toBe(2 * read + 1);
  });
});

describe("a verification of a run in physical order", () => {
  it.each([
    ["count", 0, 20],
    ["sample", 1_000, 20],
    ["sample", 5, 5],
  ] as const)(
    "looks for no more sessions than were planned, though some were read by several chunks: %s %d",
    async (mode, sample, asked) => {
      const queue = await freshQueue();
      const run = await plannedRun(queue);
      await finish(queue, run, 0, { read: 10, migrated: 10 });
      await finish(queue, run, 1, { read: 16, migrated: 16 });
      await finish(queue, run, CLOSING, { read: 6, migrated: 6 });
      await startVerification(queue, run, { mode, sample });
      expect((await readVerification(queue, run))?.asked).toBe(asked);
    },
  );
});
