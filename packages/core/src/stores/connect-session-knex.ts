import type { Preset } from "./preset.js";

export const connectSessionKnex: Preset = {
  name: "connect-session-knex",
  source: "express-session with connect-session-knex",
  target: "connect-redis: string sess:<sid>",
  defaults: { table: "sessions", keyPrefix: "sess:" },
  needs: [],
  traps: [
    "The expiry is the column's: the cookie within the JSON is older in a session that was only touched.",
    "`keyPrefix` is the `prefix` of the application's RedisStore.",
  ],
  readIn: "connect-session-knex 5.0.0, connect-redis 9.0.0",
  describe: ({ table, keyPrefix }) => ({
    sessions: { table, id: "sid", expires: "expired" },
    value: { string: "sess", codec: "text" },
    keyPrefix,
    // MySQL's datetime holds the digits of UTC; PostgreSQL's timestamptz needs no zone.
    zone: "UTC",
  }),
};
