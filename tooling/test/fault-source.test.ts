import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type House, until } from "../src/e2e/house.js";
import { addManySessions } from "../src/e2e/sessions.js";
import { type PostgresServer, startPostgres } from "../src/local-services/index.js";
import {
  expectCompleted,
  expectNoAttempts,
  expectWaiting,
  furnishedHouse,
  readStatus,
  startSlowly,
} from "./house-fixture.js";

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres({ settings: { max_connections: "20" } });
});
afterAll(async () => {
  await postgres.stop();
});

const SESSIONS = { read: 3_000, migrated: 3_000 };

async function busyHouse(): Promise<House> {
  const house = await furnishedHouse({ postgresUrl: postgres.url });
  await addManySessions(house.source, SESSIONS.read);
  await house.startWorker();
  return house;
}

const terminate = (house: House) =>
  house.source.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rehome'",
  );

describe("a run whose source is", () => {
  it("restarted goes on with it, and has waited for it without using up an attempt", async () => {
    const house = await busyHouse();
    const run = await startSlowly(house);
    house.proxies.source.shut();
    await expectWaiting(house, run, /source: .*\((ECONNRESET|ECONNREFUSED|EPIPE)\)/);
    await postgres.restart();
    house.proxies.source.open();
    await expectNoAttempts(house, run);
    await expectCompleted(house, SESSIONS);
  });

  it("killed in mid-chunk, as by the kernel, is waited for", async () => {
    const house = await busyHouse();
    const run = await startSlowly(house);
    process.kill(postgres.pid, "SIGKILL");
    await expectWaiting(house, run, /source: /);
    await postgres.restart();
    await expectCompleted(house, SESSIONS);
  });

  it("terminating its backends again and again loses nothing and uses up no attempt", async () => {
    const house = await busyHouse();
    const run = await startSlowly(house);
    for (let time = 0; time < 15; time += 1) {
      await terminate(house);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await expectNoAttempts(house, run);
    await expectCompleted(house, SESSIONS);
  });

  it("out of connections waits until there are some", async () => {
    const house = await busyHouse();
    const run = await startSlowly(house);
    const taken: pg.Client[] = [];
    onTestFinished(async () => {
      for (const client of taken) await client.end();
    });
    const takeAll = async () => {
      for (;;) {
        const client = new pg.Client(postgres.url);
        client.on("error", () => undefined);
        try {
          await client.connect();
        } catch {
          return;
        }
        taken.push(client);
      }
    };
    await until("the status says so", async () => {
      await terminate(house);
      await takeAll();
      const waiting = await house.queue.hget(`{rehome}:run:${run}`, "waiting");
      return waiting?.includes("source: the server is out of a resource (53300)");
    });
    expect((await readStatus(house, run)).notice).toContain("(53300)");
    await expectNoAttempts(house, run);
    for (const client of taken.splice(0)) await client.end();
    await expectCompleted(house, SESSIONS);
  });

  it("silent in mid-chunk, though nobody closed the connection, is given up and waited for", async () => {
    const house = await furnishedHouse({ postgresUrl: postgres.url });
    await addManySessions(house.source, SESSIONS.read);
    await house.startWorker({ args: ["--source-silence", "1000"] });
    const run = await startSlowly(house);
    house.proxies.source.stall(60_000);
    await expectWaiting(house, run, /source: the server did not answer in time \(ETIMEDOUT\)/);
    house.proxies.source.stall(0);
    await expectCompleted(house, SESSIONS);
  });

  it("impatient with long statements is read all the same", async () => {
    const house = await busyHouse();
    const { rows } = await house.source.query("SELECT current_database() AS name");
    await house.source.query(`ALTER DATABASE ${rows[0].name} SET statement_timeout = '20ms'`);
    await terminate(house);
    await startSlowly(house);
    await house.source.query(`ALTER DATABASE ${rows[0].name} RESET statement_timeout`);
    await expectCompleted(house, SESSIONS);
  });

  it("cancelling statements now and then tries those chunks again", async () => {
    const house = await busyHouse();
    await startSlowly(house);
    for (let time = 0; time < 8; time += 1) {
      await house.source.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'rehome' AND state = 'active'",
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await expectCompleted(house, SESSIONS);
  });

  it("cut off in the middle of a chunk, anywhere, loses nothing and uses up no attempt", async () => {
    const house = await busyHouse();
    const run = await startSlowly(house);
    const { source } = house.proxies;
    for (let turn = 0; turn < 20; turn += 1) {
      source.arm({
        kind: "cut",
        direction: turn % 2 === 0 ? "reply" : "request",
        afterBytes: 1 + turn ** 3,
      });
      source.arm({ kind: "reset", when: turn % 2 === 0 ? "after" : "before" });
    }
    await until("all of them have struck", async () => source.struck.all >= 40, 60_000);
    await expectNoAttempts(house, run);
    await expectCompleted(house, SESSIONS, 60_000);
  });
});

describe("a plan whose source is away", () => {
  it("waits for it, says so, and goes on by itself", async () => {
    const house = await furnishedHouse({ postgresUrl: postgres.url });
    // Far more bytes of bounds than pass before the connection is cut.
    await addManySessions(house.source, 600);
    await house.startWorker();
    house.proxies.source.arm({ kind: "cut", direction: "reply", afterBytes: 8_000 });
    const starting = house.rehome(["start", "--wait", "--chunk-size", "1", "--order", "id"]);
    await until("it was cut off", async () => house.proxies.source.struck.all === 1);
    house.proxies.source.shut();
    const run = await until("there is a run", () => house.queue.get("{rehome}:active"));
    await until("the status says so", async () =>
      /waiting: source: /.test((await readStatus(house, run)).notice ?? ""),
    );
    house.proxies.source.open();
    const { code, stderr } = await starting;
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: /waiting: source: / });
    await expectCompleted(house, { planned: 600, read: 600 });
  });
});
