import type { Preset } from "./preset.js";
import { withSuffix } from "./sibling.js";

export const springSession: Preset = {
  name: "spring-session",
  source: "Spring Session JDBC",
  target:
    "Spring Session Data Redis (RedisSessionRepository): hash spring:session:sessions:<SESSION_ID>",
  defaults: { table: "spring_session", keyPrefix: "spring:session:sessions:" },
  needs: [],
  traps: [
    "The indexed repository reads these sessions, but finds none by its user and cleans nothing up.",
    "A session that never expires (MAX_INACTIVE_INTERVAL -1) is rejected: the Redis repository cannot keep one.",
    "SESSION_ID is char(36): the database pads the shorter ids of a custom generator, and they are read without the padding.",
    "`keyPrefix` is the namespace, spring:session by default, and `:sessions:`.",
  ],
  readIn: "Spring Session 3.5.3 and 4.0.4",
  describe: ({ table, keyPrefix }) => ({
    sessions: {
      table,
      id: "session_id",
      expires: { column: "expiry_time", as: "epoch-milliseconds" },
      fields: {
        creationTime: { column: "creation_time", codec: "java-long" },
        lastAccessedTime: { column: "last_access_time", codec: "java-long" },
        maxInactiveInterval: { column: "max_inactive_interval", codec: "java-integer" },
      },
    },
    attributes: {
      table: withSuffix(table, "_attributes"),
      session: "session_primary_id",
      from: "primary_id",
      name: "attribute_name",
      value: "attribute_bytes",
      prefix: "sessionAttr:",
    },
    keyPrefix,
  }),
};
