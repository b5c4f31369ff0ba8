import type { Preset } from "./preset.js";

export const laravel: Preset = {
  name: "laravel",
  source: "Laravel with SESSION_DRIVER=database",
  target: "SESSION_DRIVER=redis: string <REDIS_PREFIX><CACHE_PREFIX>:<id>",
  defaults: { table: "sessions", keyPrefix: "laravel_database_laravel_cache:" },
  needs: ["lifetimeSeconds"],
  traps: [
    "The lifetime is not in the database: `lifetimeSeconds` is SESSION_LIFETIME times 60.",
    "`keyPrefix` is REDIS_PREFIX, CACHE_PREFIX and a colon: both come from APP_NAME by default and differ by version. Ask the application: php artisan tinker, config('database.redis.options.prefix') and config('cache.prefix').",
    "Sessions use the default Redis connection (database 0), not the cache's (database 1).",
  ],
  readIn: "Illuminate 8.83.26, phpredis 5.3.7",
  describe: ({ table, keyPrefix, lifetimeSeconds }) => ({
    sessions: {
      table,
      id: "id",
      expires: { column: "last_activity", as: "epoch-seconds", plusSeconds: lifetimeSeconds },
    },
    value: { string: "payload", codec: ["base64", "php-string"] },
    keyPrefix,
  }),
};
