import type { Preset } from "./preset.js";

export const flaskSession: Preset = {
  name: "flask-session",
  source: "Flask-Session with SESSION_TYPE sqlalchemy",
  target: "SESSION_TYPE redis: string session:<sid>",
  defaults: { table: "sessions", keyPrefix: "session:" },
  needs: [],
  traps: [
    "`session_id` holds the prefix already (the cookie does not): `keyPrefix` is SESSION_KEY_PREFIX, and an id without it is rejected.",
    "A row whose `expiry` is null is dead to Flask-Session: it is rejected.",
    "`expiry` has no zone and is UTC, whatever the server's zone.",
  ],
  readIn: "Flask-Session 0.8.0",
  describe: ({ table, keyPrefix }) => ({
    sessions: { table, id: "session_id", idHoldsPrefix: true, expires: "expiry" },
    value: { string: "data", codec: "bytes" },
    keyPrefix,
    zone: "UTC",
  }),
};
