import { admitBatch, readStatus } from "@rehome/queue";
import { expect, it } from "vitest";
import { enqueue, newRun, useScene, work } from "./worker-fixture.js";

const scene = useScene();

it("counts sessions that expired while their batch waited for the rate as expired, not as migrated", async () => {
  const run = await newRun(scene, { maxRate: 100 });
  // Two seconds are paid for before this chunk's turn comes, and its sessions live for one.
  await admitBatch(scene.queue, run, 200);
  await scene.client.query(
    "UPDATE user_sessions SET expires_at = now()::timestamp + interval '1 s'",
  );
  await enqueue(scene, run, 1);
  expect(await work(scene, 1)).toEqual(["completed"]);
  expect((await readStatus(scene.queue, run)).sessions).toMatchObject({
    read: 100,
    migrated: 0,
    expired: 100,
  });
});
