import { sql } from "drizzle-orm";
import {
  bigserial,
  boolean,
  integer,
  pgTable,
  serial,
  text,
  timestamp,
  unique,
  varchar,
} from "drizzle-orm/pg-core";

/** The reference schema, described once: for the seeder, for tests, and to compare one's own tables with. */
export const users = pgTable("users", {
  userId: serial("user_id").primaryKey(),
  username: varchar("username", { length: 255 }).notNull().unique(),
  email: varchar("email", { length: 255 }).notNull().unique(),
  /** Never read. */
  passwordHash: varchar("password_hash", { length: 255 }).notNull(),
  createdAt: timestamp("created_at", { mode: "string" })
    .notNull()
    .default(sql`now()`),
  lastLoginAt: timestamp("last_login_at", { mode: "string" }),
});

export const userSessions = pgTable("user_sessions", {
  sessionId: varchar("session_id", { length: 255 }).primaryKey(),
  userId: integer("user_id")
    .notNull()
    .references(() => users.userId, { onDelete: "cascade" }),
  ipAddress: varchar("ip_address", { length: 45 }),
  userAgent: text("user_agent"),
  createdAt: timestamp("created_at", { mode: "string" }).default(sql`now()`),
  expiresAt: timestamp("expires_at", { mode: "string" }).notNull(),
  lastActivityAt: timestamp("last_activity_at", { mode: "string" }).default(sql`now()`),
});

export const sessionData = pgTable(
  "session_data",
  {
    sessionDataId: bigserial("session_data_id", { mode: "bigint" }).primaryKey(),
    sessionId: varchar("session_id", { length: 255 })
      .notNull()
      .references(() => userSessions.sessionId, { onDelete: "cascade" }),
    attributeKey: varchar("attribute_key", { length: 255 }).notNull(),
    attributeValue: text("attribute_value"),
    createdAt: timestamp("created_at", { mode: "string" })
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    unique("session_data_session_id_attribute_key_unique").on(table.sessionId, table.attributeKey),
  ],
);

export const userPreferences = pgTable("user_preferences", {
  preferenceId: serial("preference_id").primaryKey(),
  userId: integer("user_id")
    .notNull()
    .unique()
    .references(() => users.userId, { onDelete: "cascade" }),
  theme: varchar("theme", { length: 50 }).default("light"),
  language: varchar("language", { length: 10 }).default("en"),
  notificationsEnabled: boolean("notifications_enabled").default(true),
  updatedAt: timestamp("updated_at", { mode: "string" }).default(sql`now()`),
});

/** Parents before children. */
export const referenceTables = [users, userSessions, sessionData, userPreferences] as const;
