import type { Preset } from "./preset.js";
import { nextTo } from "./sibling.js";

export const reference: Preset = {
  name: "reference",
  source: "four tables: users, user_sessions, session_data, user_preferences",
  target: "hash session:<session_id>",
  defaults: { table: "user_sessions", keyPrefix: "session:", zone: "server" },
  needs: [],
  traps: [
    "Timestamps have no zone: set `zone` where the application writes them in another one than the server's.",
  ],
  readIn: "Rehome's own reference schema",
  describe: ({ table, keyPrefix, zone }) => ({
    sessions: {
      table,
      id: "session_id",
      expires: "expires_at",
      recency: "last_activity_at",
      fields: {
        user_id: "user_id",
        ip_address: "ip_address",
        user_agent: "user_agent",
        session_created_at: "created_at",
        last_activity_at: "last_activity_at",
      },
    },
    lookups: [
      {
        table: nextTo(table, "users"),
        key: "user_id",
        from: "user_id",
        fields: { username: "username", email: "email" },
      },
      {
        table: nextTo(table, "user_preferences"),
        key: "user_id",
        from: "user_id",
        fields: {
          theme: "theme",
          language: "language",
          notifications_enabled: "notifications_enabled",
        },
      },
    ],
    attributes: {
      table: nextTo(table, "session_data"),
      session: "session_id",
      name: "attribute_key",
      value: "attribute_value",
    },
    order: ["user_id", "username", "email"],
    keyPrefix,
    zone,
  }),
};
