import { createHash } from "node:crypto";
import pg from "pg";
import type { Arena, Contender } from "./contender.js";

const SAMPLE = 500;

/** What the target should hold, in SQL alone: as far from Rehome's own code as from the contenders'. */
const EXPECTED = `
  SELECT s.session_id AS id, floor(extract(epoch FROM s.expires_at) * 1000)::bigint::text AS expires_at,
         jsonb_strip_nulls(jsonb_build_object(
           'user_id', s.user_id::text, 'username', u.username, 'email', u.email, 'ip_address', s.ip_address,
           'user_agent', s.user_agent, 'theme', p.theme, 'language', p.language,
           'notifications_enabled', p.notifications_enabled::text,
           'session_created_at', to_char(s.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'last_activity_at', to_char(s.last_activity_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
           || (SELECT jsonb_object_agg(attribute_key, attribute_value) FROM session_data d WHERE d.session_id = s.session_id)) AS fields
    FROM user_sessions s JOIN users u USING (user_id) LEFT JOIN user_preferences p USING (user_id)`;

/** Throws unless the target holds as many sessions as were moved, and a sample of them field by field. */
export async function check(arena: Arena, contender: Contender, moved: number): Promise<void> {
  const held = await countSessions(arena);
  if (held !== moved) throw new Error(`${contender.name}: ${held} sessions of ${moved}`);
  const source = new pg.Client(arena.urls.SOURCE_URL);
  await source.connect();
  try {
    const part = moved < arena.sessions ? `ORDER BY session_id LIMIT ${SAMPLE}` : "";
    const sampled = part === "" ? `WHERE s.ctid IN (${somePlaces})` : "";
    const { rows } = await source.query<Expected>(`${EXPECTED} ${sampled} ${part}`);
    if (rows.length === 0) throw new Error("the sample is empty");
    for (const row of rows) await compare(arena, contender, row);
  } finally {
    await source.end();
  }
}

const somePlaces = `SELECT ctid FROM user_sessions ORDER BY random() LIMIT ${SAMPLE}`;

interface Expected {
  readonly id: string;
  readonly expires_at: string;
  readonly fields: Readonly<Record<string, string>>;
}

async function compare({ redis }: Arena, contender: Contender, expected: Expected): Promise<void> {
  const key = `session:${expected.id}`;
  const [fields, expiresAt] = [await redis.hgetall(key), await redis.pexpiretime(key)];
  const tolerance = contender.exactExpiry ? 1 : 1_000;
  const same =
    JSON.stringify(sorted(fields)) === JSON.stringify(sorted(expected.fields)) &&
    Math.abs(expiresAt - Number(expected.expires_at)) <= tolerance;
  if (same) return;
  const shown = createHash("sha256").update(expected.id).digest("hex").slice(0, 12);
  throw new Error(`${contender.name}: session ${shown} is not as in the source`);
}

function sorted(fields: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** All keys but a run's marker. */
async function countSessions({ redis }: Arena): Promise<number> {
  const [, markers] = await redis.scan("0", "MATCH", "rehome:*", "COUNT", 10_000_000);
  return (await redis.dbsize()) - markers.length;
}
