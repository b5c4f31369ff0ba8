import { type PostgresOptions, type PostgresServer, startPostgres } from "./postgres.js";
import { type RedisOptions, type RedisServer, startRedis } from "./redis.js";

export interface Services {
  postgres: PostgresServer;
  redis: RedisServer;
}

/** Runs `use` with both servers and stops them, last started first, however it ends. */
export async function withServices<T>(
  use: (services: Services) => Promise<T>,
  options: { postgres?: PostgresOptions; redis?: RedisOptions } = {},
): Promise<T> {
  const postgres = await startPostgres(options.postgres);
  try {
    const redis = await startRedis(options.redis);
    try {
      return await use({ postgres, redis });
    } finally {
      await redis.stop();
    }
  } finally {
    await postgres.stop();
  }
}
