import { Redis } from "ioredis";
import { startPostgres, startRedis } from "../local-services/index.js";
import type { Arena } from "./contender.js";

/** Servers as they are installed, but with the memory that a database of this size is given. */
export async function withArena<T>(
  sessions: number,
  use: (arena: Arena) => Promise<T>,
): Promise<T> {
  const stops: (() => Promise<unknown>)[] = [];
  const started = async <S extends { stop(): Promise<void> }>(service: Promise<S>): Promise<S> => {
    const ready = await service;
    stops.push(() => ready.stop());
    return ready;
  };
  try {
    const settings = { shared_buffers: "2GB", max_wal_size: "8GB", TimeZone: "UTC" };
    const postgres = await started(startPostgres({ settings }));
    const queue = await started(startRedis({ appendonly: true }));
    const target = await started(startRedis());
    const redis = new Redis(target.url);
    stops.push(async () => redis.disconnect());
    const urls = { SOURCE_URL: postgres.url, QUEUE_URL: queue.url, TARGET_URL: target.url };
    return await use({ postgres, queue, target, redis, urls, sessions });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
