import type { Preset } from "./preset.js";

export const laravel: Preset = {
  name: "laravel",
  source: "Laravel with SESSION_DRIVER=database",
  target: "SESSION_DRIVER=redis: string <Redis prefix><cache prefix><id>",
  defaults: { table: "sessions", keyPrefix: "laravel_database_laravel_cache:" },
  needs: ["lifetimeSeconds"],
  traps: [
    "The lifetime is not in the database: `lifetimeSeconds` is SESSION_LIFETIME times 60.",
    "`keyPrefix` is the connection's Redis prefix and the cache's prefix, both from APP_NAME by default. Ask the application: php artisan tinker, config('database.redis.options.prefix') and config('cache.prefix').",
    "For an application named Laravel they are laravel_database_laravel_cache: in version 8, laravel_database_laravel_cache_: in 9 and 10, laravel_database_laravel_cache_ in 11, laravel-database-laravel-cache- in 12.",
    "From version 13 on, session.prefix takes the place of the cache's prefix.",
    "A `serializer` or `compression` among the options of phpredis changes the value: such applications are not supported.",
    "Sessions use the Redis connection that session.connection names, `default` where it is null (database 0), and not the cache's (database 1).",
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
