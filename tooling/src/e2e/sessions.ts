import type pg from "pg";

export interface SessionRow {
  readonly id: string;
  readonly userId?: number;
  readonly ipAddress?: string | null;
  readonly userAgent?: string | null;
  /** SQL timestamps without time zone. */
  readonly createdAt?: string | null;
  readonly lastActivityAt?: string | null;
  readonly expiresAt?: string;
  readonly attributes?: Readonly<Record<string, string | null>>;
}

/** One user with preferences, id 1, and one without, id 2. */
export async function addUsers(source: pg.Pool, canary = ""): Promise<void> {
  await source.query(
    `INSERT INTO users (user_id, username, email, password_hash, created_at)
     VALUES (1, 'ada', $1, $2, now()), (2, 'bob', 'bob@example.com', 'hash', now())`,
    [`ada${canary}@example.com`, `hash${canary}`],
  );
  await source.query(
    "INSERT INTO user_preferences (user_id, theme, language, notifications_enabled) VALUES (1, 'dark', 'fr', false)",
  );
}

const DAY_AHEAD = "localtimestamp(3) + interval '1 day'";

export async function addSession(source: pg.Pool, row: SessionRow): Promise<void> {
  await source.query(
    `INSERT INTO user_sessions (session_id, user_id, ip_address, user_agent, created_at, last_activity_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, coalesce($7::timestamp, ${DAY_AHEAD}))`,
    [
      row.id,
      row.userId ?? 1,
      row.ipAddress ?? null,
      row.userAgent ?? null,
      row.createdAt === undefined ? "2026-01-02 03:04:05.000006" : row.createdAt,
      row.lastActivityAt === undefined ? "2026-02-03 04:05:06.123456" : row.lastActivityAt,
      row.expiresAt ?? null,
    ],
  );
  const attributes = Object.entries(row.attributes ?? {});
  if (attributes.length === 0) return;
  await source.query(
    `INSERT INTO session_data (session_id, attribute_key, attribute_value)
     SELECT $1, key, value FROM unnest($2::text[], $3::text[]) AS t (key, value)`,
    [row.id, attributes.map(([key]) => key), attributes.map(([, value]) => value)],
  );
}

/** So many plain sessions at once, with ids in random order and one attribute each. */
export async function addManySessions(source: pg.Pool, count: number, prefix = ""): Promise<void> {
  await source.query(
    `INSERT INTO user_sessions (session_id, user_id, user_agent, expires_at)
     SELECT $2 || md5(i::text), 1 + i % 2, repeat('agent ', 15), ${DAY_AHEAD} FROM generate_series(1, $1) i`,
    [count, prefix],
  );
  await source.query(
    `INSERT INTO session_data (session_id, attribute_key, attribute_value)
     SELECT $2 || md5(i::text), 'cart_json', '{"n":' || i || '}' FROM generate_series(1, $1) i`,
    [count, prefix],
  );
  await source.query("ANALYZE");
}
