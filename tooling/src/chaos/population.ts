import type pg from "pg";

export const USERS = 200;

/**
 * So many users, most with preferences, and so many sealed sessions of version v0; some have expired. Returns
 * the ids.
 */
export async function populate(source: pg.Pool, sessions: number): Promise<string[]> {
  await source.query("TRUNCATE users CASCADE");
  await source.query(
    `INSERT INTO users (user_id, username, email, password_hash)
     SELECT i, 'user' || i, 'user' || i || '@example.com', 'hash' FROM generate_series(1, ${USERS}) i`,
  );
  await source.query(
    `INSERT INTO user_preferences (user_id, theme, language, notifications_enabled)
     SELECT i, 'dark', 'en', i % 3 = 0 FROM generate_series(1, ${USERS}) i WHERE i % 5 > 0`,
  );
  await source.query(
    `INSERT INTO user_sessions (session_id, user_id, ip_address, user_agent, created_at, last_activity_at, expires_at)
     SELECT md5(i::text), 1 + i % ${USERS}, nullif('203.0.113.' || i % 250, '203.0.113.0'), 'agent v0 ' || repeat('x', i % 200),
            localtimestamp - interval '20 days', localtimestamp - i % 10 * interval '1 day' - interval '1 hour',
            localtimestamp + CASE WHEN i % 20 = 0 THEN interval '-1 day' ELSE interval '9 days' END
       FROM generate_series(1, $1) i`,
    [sessions],
  );
  await source.query(
    `INSERT INTO session_data (session_id, attribute_key, attribute_value)
     SELECT md5(i::text), 'parts', (i % 5)::text FROM generate_series(1, $1) i
      UNION ALL
     SELECT md5(i::text), 'part_' || part, 'v0' FROM generate_series(1, $1) i, generate_series(0, i % 5 - 1) part`,
    [sessions],
  );
  await source.query("ANALYZE");
  const { rows } = await source.query<{ id: string }>("SELECT session_id AS id FROM user_sessions");
  return rows.map(({ id }) => id);
}
