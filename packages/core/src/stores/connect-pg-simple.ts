import type { Preset } from "./preset.js";

export const connectPgSimple: Preset = {
  name: "connect-pg-simple",
  source: "express-session with connect-pg-simple",
  target: "connect-redis: string sess:<sid>",
  defaults: { table: "session", keyPrefix: "sess:", zone: "server" },
  needs: [],
  traps: [
    "`expire` has no zone and holds the local time of the application's connection: set `zone` where that is not the server's own.",
    "The expiry is the column's: the cookie within the JSON is older in a session that was only touched.",
    "`keyPrefix` is the `prefix` of the application's RedisStore.",
  ],
  readIn: "connect-pg-simple 10.0.0, connect-redis 9.0.0",
  describe: ({ table, keyPrefix, zone }) => ({
    sessions: { table, id: "sid", expires: "expire" },
    value: { string: "sess", codec: "text" },
    keyPrefix,
    zone,
  }),
};
