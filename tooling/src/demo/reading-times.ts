import type { Redis } from "ioredis";
import type pg from "pg";

const READS = 200;

/** What the application asks on every request before the move. */
const JOIN = `
  SELECT s.session_id, s.user_id, u.username, u.email, s.ip_address, s.user_agent, s.created_at, s.last_activity_at,
         s.expires_at, p.theme, p.language, p.notifications_enabled,
         (SELECT json_object_agg(d.attribute_key, d.attribute_value) FROM session_data d WHERE d.session_id = s.session_id) AS data
    FROM user_sessions s JOIN users u USING (user_id) LEFT JOIN user_preferences p USING (user_id)
   WHERE s.session_id = $1`;

/** Median milliseconds of reading one session, over 200 sessions read one after the other by each way in turn. */
export async function measureReading(
  source: pg.Client,
  target: Redis,
): Promise<{ sql: number; redis: number }> {
  const { rows } = await source.query<{ session_id: string }>(
    "SELECT session_id FROM user_sessions WHERE expires_at > localtimestamp + interval '1 hour' ORDER BY md5(session_id) LIMIT $1",
    [READS],
  );
  const times = { sql: [] as number[], redis: [] as number[] };
  for (const { session_id: id } of rows) {
    times.sql.push(await timed(() => source.query({ name: "session", text: JOIN, values: [id] })));
    times.redis.push(await timed(() => target.hgetall(`session:${id}`)));
  }
  return { sql: median(times.sql), redis: median(times.redis) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
