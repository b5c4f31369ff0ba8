import { startTcpProxy } from "@rehome/tooling/tcp-proxy";
import { expect, it, onTestFinished } from "vitest";
import { openSource } from "../src/index.js";
import { EVERYTHING, failureOf, openStore, READ, referenceDatabase } from "./source-fixture.js";

const INACTIVITY_TIMEOUT_MS = 500;

async function throughProxy() {
  const database = await referenceDatabase();
  await database.client.query(
    "INSERT INTO user_sessions (session_id, user_id, user_agent, expires_at) SELECT i, 1, repeat('x', 1000), '2099-01-01' FROM generate_series(1, 3000) i",
  );
  const proxy = await startTcpProxy(Number(database.url.port));
  const source = openSource(new URL(proxy.through(database.url.href)), {
    inactivityTimeoutMs: INACTIVITY_TIMEOUT_MS,
  });
  onTestFinished(async () => {
    await source.close();
    await proxy.close();
  });
  return { proxy, ...(await openStore({ source })) };
}

it("a server that falls silent while it is read is given up, and read anew when it speaks again", async () => {
  const { proxy, sessions, read } = await throughProxy();
  const reading = (async () => {
    for await (const _ of sessions.extract(EVERYTHING, READ))
      proxy.stall(4 * INACTIVITY_TIMEOUT_MS);
  })();
  expect(await failureOf(reading)).toMatchObject({ code: "source-ETIMEDOUT", unavailable: true });
  proxy.stall(0);
  await expect.poll(() => read(), { timeout: 10_000 }).toHaveLength(3_000);
});

it("a slow server is waited for, and so is a slow reader", async () => {
  const { proxy, sessions, read } = await throughProxy();
  proxy.throttle(1_000_000, 60_000);
  expect(await read()).toHaveLength(3_000);
  let count = 0;
  for await (const batch of sessions.extract(EVERYTHING, READ)) {
    if (count === 0) await new Promise((resolve) => setTimeout(resolve, 3 * INACTIVITY_TIMEOUT_MS));
    count += batch.count;
  }
  expect(count).toBe(3_000);
});
