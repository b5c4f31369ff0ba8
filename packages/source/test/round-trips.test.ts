import { connect, createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { openSource } from "../src/index.js";
import { BY_ID, collect, EVERYTHING, referenceDatabase, STARTED } from "./source-fixture.js";

/** A way to a server that counts how often something is sent after the server has answered. */
async function countingWay({ hostname, port }: URL) {
  let turns = 0;
  const relay = createServer((client) => {
    const server = connect({ host: hostname, port: Number(port || 5432) });
    let answered = true;
    client.on("data", () => {
      if (answered) turns += 1;
      answered = false;
    });
    server.on("data", () => (answered = true));
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void relay.close());
  const address = relay.address();
  if (address === null || typeof address === "string") throw new Error("the relay has no port");
  return { port: address.port, turns: () => turns };
}

it("a statement outside a chunk takes one round trip, and one is enough to identify the source", async () => {
  const { url, store } = await referenceDatabase();
  const way = await countingWay(url);
  const near = new URL(url);
  [near.hostname, near.port] = ["127.0.0.1", String(way.port)];
  const source = openSource(near, { connections: 1 });
  onTestFinished(() => source.close());
  await source.probe();
  const before = way.turns();
  await source.identify(store);
  expect(way.turns() - before).toBe(1);
  // The same connection reads a chunk afterwards, as if nothing had been.
  const expiries = source.sessions(store, BY_ID).listExpiries(EVERYTHING, STARTED);
  expect(await collect(expiries)).toEqual([]);
});

it("a user who may not ask for the cluster's number is given an identity all the same", async () => {
  const { client, url, store } = await referenceDatabase();
  const role = `unprivileged_${process.pid}`;
  await client.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role};
    REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`);
  const own = new URL(url);
  [own.username, own.password] = [role, "x"];
  const source = openSource(own);
  onTestFinished(() => source.close());
  expect(await source.identify(store)).toMatch(/^\/source_\w+\/\d+$/);
});
