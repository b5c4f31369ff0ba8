import { inspect } from "node:util";
import { expect, test } from "vitest";
import { replies } from "../src/ledger-redis.js";
import { freshQueue } from "./queue-fixture.js";

const KEY = "{rehome}:text";
const CANARY = "canary-4b1f0c1e";

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => expect.fail("expected a rejection"),
    (error: unknown) => error,
  );
}

test("no error of a ledger's command shows the command", async () => {
  const { redis, client } = await freshQueue();
  await redis.set(KEY, "text");

  expect(inspect(await rejection(client.hset(KEY, CANARY, CANARY)))).toContain(CANARY);
  for (const failing of [
    redis.hset(KEY, CANARY, CANARY),
    redis.call("HSET", KEY, CANARY, CANARY),
    replies(redis.multi().ping().hset(KEY, CANARY, CANARY)),
    replies(redis.pipeline().hset(KEY, CANARY, CANARY)),
  ]) {
    const error = await rejection(failing);
    expect(error).toMatchObject({ name: "RehomeError", code: "queue-WRONGTYPE" });
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(CANARY);
  }
  const results = await redis.pipeline().hset(KEY, CANARY, CANARY).exec();
  expect(results?.[0]?.[0]).toMatchObject({ code: "queue-WRONGTYPE" });
});

test("no error of a transaction that was discarded shows its commands", async () => {
  const { redis } = await freshQueue();
  const error = await rejection(redis.multi().set(KEY, CANARY).call("HSET", CANARY).exec());
  expect(error).toMatchObject({ name: "RehomeError" });
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(CANARY);
});

test("no error of the job queue is a driver's", async () => {
  const queue = await freshQueue();
  queue.client.disconnect();
  expect(await rejection(queue.jobs.getRanges(["waiting"], 0, -1))).toMatchObject({
    name: "RehomeError",
    code: expect.stringMatching(/^queue-E/),
  });
});
