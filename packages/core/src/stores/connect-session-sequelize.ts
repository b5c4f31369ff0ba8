import type { Preset } from "./preset.js";

export const connectSessionSequelize: Preset = {
  name: "connect-session-sequelize",
  source: "express-session with connect-session-sequelize",
  target: "connect-redis: string sess:<sid>",
  defaults: { table: "Sessions", keyPrefix: "sess:" },
  needs: [],
  traps: [
    "The table's name is written in upper and lower case: Sessions, not sessions.",
    "The expiry is the column's: the cookie within the JSON is older in a session that was only touched.",
    "`keyPrefix` is the `prefix` of the application's RedisStore.",
  ],
  readIn: "connect-session-sequelize 8.0.6, connect-redis 9.0.0",
  describe: ({ table, keyPrefix }) => ({
    sessions: { table, id: "sid", expires: "expires" },
    value: { string: "data", codec: "text" },
    keyPrefix,
    // MySQL's datetime holds the digits of UTC; PostgreSQL's timestamptz needs no zone.
    zone: "UTC",
  }),
};
