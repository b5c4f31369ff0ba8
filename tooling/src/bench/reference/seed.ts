import pg from "pg";
import { runProgram } from "../../programs.js";
import type { Urls } from "../contender.js";
import { Refusal } from "../refusal.js";
import { insertInSteps, tidy } from "../seeding.js";
import type { Size } from "../workload.js";

export interface ReferenceSize extends Size {
  /** So many of the sessions hold 10 MB more, in one attribute. */
  readonly large?: number;
}

export const TABLES = ["users", "user_preferences", "user_sessions", "session_data"];

/**
 * The reference schema, as `rehome seed` makes it, with sessions that all live, each with two attributes, and
 * preferences for 80 % of the users. Random numbers come from the server, by a fixed seed.
 */
export async function seed(
  urls: Urls,
  { sessions, users, large = 0 }: ReferenceSize,
  onProgress: (sessions: number) => void,
): Promise<void> {
  const made = await runProgram(
    "rehome",
    ["seed", "--users", "1", "--sessions", "0", "--reset"],
    urls,
  );
  // It leaves alone what it did not make, and then so does everything below.
  if (made.code !== 0) throw new Refusal(made.stderr);
  const source = new pg.Client(urls.SOURCE_URL);
  await source.connect();
  try {
    await source.query(`TRUNCATE ${TABLES.join(", ")}; SELECT setseed(0.5)`);
    await insertUsers(source, users);
    await insertInSteps(sessions, onProgress, (count) => insertSessions(source, count, users));
    await source.query(
      `INSERT INTO session_data (session_id, attribute_key, attribute_value)
       SELECT session_id, 'large', repeat('0123456789', 1000000)
         FROM (SELECT session_id FROM user_sessions ORDER BY random() LIMIT $1) picked`,
      [large],
    );
    await tidy(source, TABLES);
  } finally {
    await source.end();
  }
}

async function insertUsers(source: pg.Client, users: number): Promise<void> {
  await source.query(
    `INSERT INTO users (user_id, username, email, password_hash)
     SELECT i, 'user' || i, 'user' || i || '@example.com', '$2b$12$' || repeat(md5(i::text), 2) FROM generate_series(1, $1::int) i`,
    [users],
  );
  await source.query(
    `INSERT INTO user_preferences (user_id, theme, language, notifications_enabled)
     SELECT i, (ARRAY['light', 'dark', 'system'])[1 + i % 3], (ARRAY['en', 'de', 'fr', 'ja'])[1 + i % 4], i % 10 < 7
       FROM generate_series(1, $1::int) i WHERE i % 5 <> 0`,
    [users],
  );
}

async function insertSessions(source: pg.Client, sessions: number, users: number): Promise<void> {
  await source.query(
    `WITH made AS (
       INSERT INTO user_sessions (session_id, user_id, ip_address, user_agent, created_at, expires_at, last_activity_at)
       SELECT gen_random_uuid(), 1 + floor(random() * $2)::int, '203.0.113.' || i % 256,
              'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || 100 + i % 40 || '.0.0.0 Safari/537.36',
              localtimestamp - random() * interval '5 days', localtimestamp + interval '2 days' + random() * interval '28 days',
              localtimestamp - random() * interval '5 days'
         FROM generate_series(1, $1::int) i RETURNING session_id, user_id)
     INSERT INTO session_data (session_id, attribute_key, attribute_value)
     SELECT session_id, key, value FROM made,
            LATERAL (VALUES ('cart_json', '{"items":[{"sku":"' || user_id % 997 || '","quantity":' || 1 + user_id % 3 || '}]}'),
                            ('last_page', '/products/' || user_id % 5000)) AS attribute (key, value)`,
    [sessions, users],
  );
}
