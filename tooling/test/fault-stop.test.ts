import { expect, it } from "vitest";
import { failAt } from "../src/e2e/failpoint.js";
import { addManySessions } from "../src/e2e/sessions.js";
import { expectCompleted, furnishedHouse, migrate, readStatus } from "./house-fixture.js";

const POINTS = [
  "after:admit",
  "before:load",
  "after:load",
  "before:record",
  "after:record",
  "before:finalize",
];

it("workers stopped for longer than their locks, wherever, change nothing when they wake up", async () => {
  const house = await furnishedHouse();
  await addManySessions(house.source, 900);
  await house.rehomeJson(["start", "--chunk-size", "100"]);
  const stopped = [];
  for (const point of POINTS) {
    const args = ["--concurrency", "1"];
    stopped.push(await house.startWorker({ args, environment: failAt(point, "SIGSTOP") }));
  }
  await house.startWorker();
  const status = await expectCompleted(house, { read: 900, migrated: 900 });

  for (const worker of stopped) worker.signal("SIGCONT");
  // They take part in the next run, and each of them is sound.
  await migrate(house, "--chunk-size", "10");
  await expectCompleted(house, { read: 900, migrated: 900 });
  expect(await readStatus(house, status.run)).toEqual(status);
  for (const worker of stopped) expect(await worker.ended(0)).toBeUndefined();
});
