import { Redis } from "ioredis";
import { startPostgres, startRedis } from "../local-services/index.js";
import { makeColdSource } from "./cold/cold-source.js";
import type { Arena, Servers } from "./contender.js";
import { findGivenServers } from "./given-servers.js";
import type { Workload } from "./workload.js";

export interface ArenaOptions {
  readonly sessions: number;
  readonly workload: Workload;
  /** On the servers that the environment names, instead of some that are started. */
  readonly given?: boolean;
  /** Of the servers that are started, PostgreSQL is to have its tables on the disk alone. */
  readonly cold?: boolean;
}

/** Enough for hash joins over whole tables. */
const WORK_MEM = "256MB";

export type Closing = (() => Promise<unknown>)[];

/** Throws Refusal where the given servers are not fit, or not to be used, for this. */
export async function withArena<T>(
  { sessions, workload, given = false, cold = false }: ArenaOptions,
  use: (arena: Arena) => Promise<T>,
): Promise<T> {
  const closing: Closing = [];
  try {
    const servers = given ? await findGivenServers() : await startServers(closing);
    const redis = openRedis(servers.urls.TARGET_URL, closing);
    if (given) {
      // They were empty, and are left so.
      const queue = openRedis(servers.urls.QUEUE_URL, closing);
      for (const one of [redis, queue]) closing.push(() => one.flushdb());
    }
    const coldSource =
      cold && servers.own !== null ? await makeColdSource(servers.own.postgres, closing) : null;
    return await use({
      ...servers,
      redis,
      sessions,
      workload,
      workMem: WORK_MEM,
      cold: coldSource,
    });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** Servers as they are installed, but with the memory that a database of this size is given. */
async function startServers(closing: Closing): Promise<Servers> {
  const started = async <S extends { stop(): Promise<void> }>(service: Promise<S>): Promise<S> => {
    const ready = await service;
    closing.push(() => ready.stop());
    return ready;
  };
  const settings = { shared_buffers: "2GB", max_wal_size: "8GB", TimeZone: "UTC" };
  const postgres = await started(startPostgres({ settings }));
  const queue = await started(startRedis({ appendonly: true }));
  const target = await started(startRedis());
  return {
    urls: { SOURCE_URL: postgres.url, QUEUE_URL: queue.url, TARGET_URL: target.url },
    own: { postgres, target },
    place: "everything on this machine",
  };
}

function openRedis(url: string, closing: Closing): Redis {
  const redis = new Redis(url);
  closing.push(async () => redis.disconnect());
  return redis;
}
