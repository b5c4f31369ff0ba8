import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import type { RedisServer } from "../local-services/index.js";
import type { Fault, Scene } from "./scene.js";

const AWHILE_MS = [500, 2_500] as const;

const awhile = ({ random }: Scene) => sleep(random.between(...AWHILE_MS));

/** Half of the time without a word, as a crash would be. */
async function restart({ random }: Scene, server: RedisServer): Promise<void> {
  if (random.chance(0.5)) process.kill(server.pid, "SIGKILL");
  await server.restart();
}

export const SERVER_FAULTS: readonly Fault[] = [
  {
    name: "the queue Redis is restarted",
    weight: 2,
    strike: async (scene) => {
      await restart(scene, scene.house.servers.queue);
      scene.tally.queueRestarts += 1;
    },
  },
  {
    name: "the target Redis is restarted",
    weight: 2,
    strike: async (scene) => {
      await restart(scene, scene.house.servers.target);
      scene.tally.targetRestarts += 1;
    },
  },
  {
    name: "PostgreSQL is restarted",
    weight: 3,
    strike: async ({ random, postgres, tally }) => {
      if (random.chance(0.3)) process.kill(postgres.pid, "SIGKILL");
      await postgres.restart();
      tally.postgresRestarts += 1;
    },
  },
  {
    name: "PostgreSQL terminates its backends or cancels their statements",
    weight: 2,
    strike: async ({ house, random, tally }) => {
      const act = random.pick(["pg_terminate_backend", "pg_cancel_backend"]);
      await house.source.query(
        `SELECT ${act}(pid) FROM pg_stat_activity WHERE application_name = 'rehome'`,
      );
      tally.conditions += 1;
    },
  },
  {
    name: "PostgreSQL is out of connections",
    weight: 1,
    strike: async (scene) => {
      const taken: pg.Client[] = [];
      for (let full = false; !full && taken.length < 100;) {
        const client = new pg.Client(scene.postgres.url);
        client.on("error", () => undefined);
        full = await client.connect().then(
          () => false,
          () => true,
        );
        if (!full) taken.push(client);
      }
      scene.tally.conditions += 1;
      await awhile(scene);
      for (const client of taken) await client.end();
    },
  },
  {
    name: "the target is out of memory",
    weight: 2,
    strike: async (scene) => {
      await scene.house.target.config("SET", "maxmemory", "1mb");
      scene.tally.conditions += 1;
      await awhile(scene);
      await scene.house.target.config("SET", "maxmemory", "0");
    },
  },
  {
    name: "the target is a replica for a while",
    weight: 1,
    strike: async (scene) => {
      // Of nobody: it keeps its data, and takes no writes.
      await scene.house.target.replicaof("127.0.0.1", 1);
      scene.tally.conditions += 1;
      await awhile(scene);
      await scene.house.target.replicaof("NO", "ONE");
    },
  },
  {
    name: "the target is busy with a script",
    weight: 1,
    strike: async (scene) => {
      const { url } = scene.house.servers.target;
      const [busy, killer] = [url, url].map((each) => new Redis(each, { enableReadyCheck: false }));
      for (const redis of [busy, killer]) redis?.on("error", () => undefined);
      await scene.house.target.config("SET", "busy-reply-threshold", "50");
      const script = busy?.eval("while true do end", 0).catch(() => undefined);
      scene.tally.conditions += 1;
      await awhile(scene);
      await killer?.script("KILL").catch(() => undefined);
      await script;
      for (const redis of [busy, killer]) redis?.disconnect();
    },
  },
  {
    name: "the queue loses the locks of jobs in hand",
    weight: 1,
    strike: async ({ house, tally }) => {
      const locks = await house.queue.keys("{rehome}:chunks:*:lock");
      if (locks.length > 0) await house.queue.del(...locks);
      tally.conditions += 1;
    },
  },
  {
    name: "the queue loses its events and its waiting jobs",
    weight: 1,
    strike: async ({ house, tally }) => {
      await house.queue.del("{rehome}:chunks:events");
      const waiting = await house.queue.lrange("{rehome}:chunks:wait", 0, -1);
      const lost = waiting.map((job) => `{rehome}:chunks:${job}`);
      await house.queue.del("{rehome}:chunks:wait", ...lost);
      tally.conditions += 1;
    },
  },
];
