import { RehomeError } from "@rehome/core";
import { getTableName } from "drizzle-orm";
import pg from "pg";
import { createTable } from "./create-tables.js";
import { connectOptions } from "./connect-options.js";
import { describeSourceFailure } from "./failure.js";
import { referenceTables } from "./schema.js";
import { NO_TIMEOUTS } from "./transaction-settings.js";

export interface SeedOptions {
  readonly users: number;
  readonly sessions: number;
  /** Same seed and same `now`, same rows. */
  readonly seed: number;
  /** Empties tables that were seeded before. */
  readonly reset?: boolean;
  /** What times are relative to; by default this moment. */
  readonly now?: Date;
}

const BEGIN = `BEGIN; ${NO_TIMEOUTS}`;

/** The comment by which the seeder knows its own tables again. */
const MARK = "seeded by rehome";

const TABLES = referenceTables.map(getTableName);

/**
 * Creates the reference schema and fills it, all or nothing. About 80 % of the users have preferences, sessions
 * have 0 to 4 attributes, and one in twenty has expired; the others do so within 1 hour to 30 days. Throws
 * RehomeError `not-seeded` for tables without the mark, `seeded-before` for such as hold rows.
 */
export async function seedReferenceSchema(url: URL, options: SeedOptions): Promise<void> {
  const client = new pg.Client({
    ...connectOptions(url),
    connectionTimeoutMillis: 10_000,
    application_name: "rehome",
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query(BEGIN);
    await prepareTables(client, options.reset ?? false);
    await fill(client, options);
    await client.query("COMMIT");
    await client.query(`${BEGIN} ANALYZE ${TABLES.join(", ")}; COMMIT`);
  } catch (error) {
    throw describeSourceFailure(error);
  } finally {
    // Ends the transaction as well, if it is still open.
    await client.end().catch(() => undefined);
  }
}

async function prepareTables(client: pg.Client, reset: boolean): Promise<void> {
  const { rows } = await client.query<{ name: string; mark: string | null }>(
    `SELECT name, obj_description(to_regclass(name), 'pg_class') AS mark
       FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL`,
    [TABLES],
  );
  const foreign = rows.find(({ mark }) => mark !== MARK);
  if (foreign !== undefined) {
    throw new RehomeError(
      "not-seeded",
      `source: table ${foreign.name} was not made by rehome seed, and is left alone`,
      {
        hint: "Give SOURCE_URL a database of its own to be seeded",
      },
    );
  }
  if (rows.length === 0) {
    for (const table of referenceTables) {
      await client.query(createTable(table));
      await client.query(`COMMENT ON TABLE ${getTableName(table)} IS '${MARK}'`);
    }
    return;
  }
  if (rows.length < TABLES.length) {
    throw new RehomeError(
      "not-seeded",
      "source: some of the tables made by rehome seed are missing",
      {
        hint: "Drop the others, or give SOURCE_URL another database",
      },
    );
  }
  if (reset) {
    await client.query(`TRUNCATE ${TABLES.join(", ")} RESTART IDENTITY`);
    return;
  }
  const held = await client.query("SELECT FROM users LIMIT 1");
  if (held.rowCount !== 0) {
    throw new RehomeError("seeded-before", "source: the tables hold rows already", {
      hint: "Empty and fill them again with: rehome seed --reset",
    });
  }
}

async function fill(
  client: pg.Client,
  { users, sessions, seed, now = new Date() }: SeedOptions,
): Promise<void> {
  // Random numbers that are the same everywhere: the first 28 bits of a digest, of the seed, what it is for, and a number.
  await client.query(`
    CREATE FUNCTION pg_temp.dice(what text, i bigint) RETURNS double precision IMMUTABLE LANGUAGE sql AS
    $$ SELECT ('x' || left(md5(${seed} || what || i), 7))::bit(28)::int / 268435456.0::double precision $$`);
  const base = `timestamptz '${now.toISOString()}' AT TIME ZONE current_setting('TimeZone')`;
  await client.query(
    `INSERT INTO users (user_id, username, email, password_hash, created_at, last_login_at)
     SELECT i, 'user' || i, 'user' || i || '@example.com', '$2b$12$' || md5(${seed} || 'hash' || i) || left(md5(i::text), 21),
            ${base} - pg_temp.dice('joined', i) * interval '1000 days',
            CASE WHEN pg_temp.dice('login', i) < 0.9 THEN ${base} - pg_temp.dice('login', i) * interval '10 days' END
       FROM generate_series(1, $1::int) i`,
    [users],
  );
  await client.query("SELECT setval('users_user_id_seq', greatest($1::int, 1))", [users]);
  await client.query(
    `INSERT INTO user_preferences (user_id, theme, language, notifications_enabled, updated_at)
     SELECT i, (ARRAY['light', 'dark', 'system'])[1 + floor(pg_temp.dice('theme', i) * 3)::int],
            (ARRAY['en', 'de', 'fr', 'ja', 'pt-BR'])[1 + floor(pg_temp.dice('language', i) * 5)::int],
            pg_temp.dice('notify', i) < 0.7, ${base}
       FROM generate_series(1, $1::int) i WHERE pg_temp.dice('preferences', i) < 0.8`,
    [users],
  );
  await client.query(
    `INSERT INTO user_sessions (session_id, user_id, ip_address, user_agent, created_at, expires_at, last_activity_at)
     SELECT md5(${seed} || 'session' || i)::uuid, 1 + floor(pg_temp.dice('user', i) * $2)::int,
            CASE WHEN i % 50 <> 0 THEN '203.0.113.' || i % 256 END,
            CASE WHEN i % 33 <> 0 THEN 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || 100 + i % 40 || '.0.0.0 Safari/537.36' END,
            ${base} - (1 + pg_temp.dice('age', i)) * interval '5 days',
            ${base} + CASE WHEN i % 20 = 0 THEN -pg_temp.dice('expiry', i) * interval '3 days'
                           ELSE interval '1 hour' + pg_temp.dice('expiry', i) * interval '30 days' END,
            CASE WHEN i % 40 <> 0 THEN ${base} - pg_temp.dice('active', i) * interval '5 days' END
       FROM generate_series(1, $1::int) i`,
    [sessions, users],
  );
  await client.query(
    `INSERT INTO session_data (session_id, attribute_key, attribute_value, created_at)
     SELECT md5(${seed} || 'session' || i)::uuid, key, CASE WHEN (i + n) % 25 <> 0 THEN value END, ${base}
       FROM generate_series(1, $1::int) i,
            LATERAL (VALUES (1, 'cart_json', '{"items":[{"sku":"' || i % 997 || '","quantity":' || 1 + i % 3 || '}]}'),
                            (2, 'last_page', '/products/' || i % 5000),
                            (3, 'locale', 'français 日本語'),
                            (4, 'flash', '🧳 welcome back')) AS attribute (n, key, value)
      WHERE n <= floor(pg_temp.dice('attributes', i) * 5)`,
    [sessions],
  );
}
