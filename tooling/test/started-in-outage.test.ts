import { expect, it } from "vitest";
import { type House, until } from "../src/e2e/house.js";
import { addManySessions } from "../src/e2e/sessions.js";
import { runProgram } from "../src/programs.js";
import { furnishedHouse, migrate } from "./house-fixture.js";

/** Nothing yet where the program has only just been started. */
async function logged(house: House): Promise<string> {
  return await house.logs().catch(() => "");
}

it.each(["queue", "source", "target"] as const)(
  "a worker started while the %s is away says so, waits and works once it is back",
  async (side) => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 100);
    house.proxies[side].shut();
    const starting = house.startWorker();
    await until("it says what it waits for", async () =>
      (await logged(house)).match(new RegExp(`${side}: [^"]*".*waiting for a server`)),
    );
    house.proxies[side].open();
    await starting;
    expect(await migrate(house)).toMatchObject({ phase: "completed" });
  },
);

it("a dashboard started while the queue is away waits for it as well", async () => {
  const house = await furnishedHouse();
  house.proxies.queue.shut();
  const starting = house.startDashboard();
  await until("it says what it waits for", async () =>
    (await logged(house)).match(/queue: [^"]*".*waiting for a server/),
  );
  house.proxies.queue.open();
  const { url } = await starting;
  expect((await fetch(new URL("/healthz", url))).status).toBe(200);
});

it.each(["SOURCE_URL", "TARGET_URL", "QUEUE_URL"])(
  "a worker whose %s has a wrong password ends at once",
  async (name) => {
    const house = await furnishedHouse();
    const url = new URL(house.urls[name] ?? "");
    url.password = "wrong";
    const ended = await runProgram("rehome-worker", [], { ...house.urls, [name]: url.href });
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/user or the password/) });
  },
);
