import type { Preset } from "./preset.js";

export const expressMysqlSession: Preset = {
  name: "express-mysql-session",
  source: "express-session with express-mysql-session",
  target: "connect-redis: string sess:<sid>",
  defaults: { table: "sessions", keyPrefix: "sess:" },
  needs: [],
  traps: [
    "The expiry is the column's: the cookie within the JSON is older in a session that was only touched.",
    "`keyPrefix` is the `prefix` of the application's RedisStore.",
  ],
  readIn: "express-mysql-session 3.0.3, connect-redis 9.0.0",
  describe: ({ table, keyPrefix }) => ({
    sessions: { table, id: "session_id", expires: { column: "expires", as: "epoch-seconds" } },
    value: { string: "data", codec: "text" },
    keyPrefix,
  }),
};
