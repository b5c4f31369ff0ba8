import type { Preset } from "./preset.js";

export const scs: Preset = {
  name: "scs",
  source: "alexedwards/scs with postgresstore or mysqlstore",
  target: "redisstore: string scs:session:<token>",
  defaults: { table: "sessions", keyPrefix: "scs:session:" },
  needs: [],
  traps: [
    "With an idle timeout the column is earlier than the deadline within the value: the column counts.",
    "With HashTokenInStore the column holds the token's hash, and so does the key: nothing is to be set.",
  ],
  readIn: "scs 2.9.0, postgresstore and redisstore of 2025-10-02",
  describe: ({ table, keyPrefix }) => ({
    sessions: { table, id: "token", expires: "expiry" },
    value: { string: "data", codec: "bytes" },
    keyPrefix,
    // On MySQL the store compares the digits with UTC_TIMESTAMP; PostgreSQL's timestamptz needs no zone.
    zone: "UTC",
  }),
};
