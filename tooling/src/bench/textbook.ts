import { Redis } from "ioredis";
import pg from "pg";
import type { Contender } from "./contender.js";

/** So many sessions are enough to tell its speed. */
const PART = 20_000;

const SQL = `
  SELECT s.session_id, s.user_id::text, u.username, u.email, s.ip_address, s.user_agent,
         to_char(s.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS session_created_at,
         to_char(s.last_activity_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS last_activity_at,
         p.theme, p.language, p.notifications_enabled::text, extract(epoch FROM s.expires_at)::bigint AS expires_at,
         (SELECT json_object_agg(d.attribute_key, d.attribute_value) FROM session_data d WHERE d.session_id = s.session_id) AS attributes
    FROM user_sessions s
    JOIN users u ON u.user_id = s.user_id
    LEFT JOIN user_preferences p ON p.user_id = s.user_id
   ORDER BY s.session_id LIMIT ${PART}`;

/** What one finds in tutorials: a join with `json_object_agg`, then one awaited HSET and EXPIREAT a session. */
export const textbook: Contender = {
  name: "textbook script (a part, extrapolated)",
  exactExpiry: false,
  move: async ({ urls, sessions }) => {
    const source = new pg.Client(urls.SOURCE_URL);
    await source.connect();
    const redis = new Redis(urls.TARGET_URL);
    try {
      const before = process.cpuUsage();
      const started = performance.now();
      const { rows } = await source.query<Row>(SQL);
      for (const { session_id, expires_at, attributes, ...columns } of rows) {
        const fields: [string, string | null][] = Object.entries({ ...columns, ...attributes });
        const key = `session:${session_id}`;
        await redis.hset(
          key,
          ...fields.flatMap(([name, value]) => (value === null ? [] : [name, value])),
        );
        await redis.expireat(key, Number(expires_at));
      }
      const seconds = (performance.now() - started) / 1000;
      const { user, system } = process.cpuUsage(before);
      const share = sessions / rows.length;
      return {
        moved: rows.length,
        seconds: seconds * share,
        loaderSeconds: ((user + system) / 1e6) * share,
        peakBytes: null,
      };
    } finally {
      redis.disconnect();
      await source.end();
    }
  },
};

type Row = Record<string, string | null> & {
  readonly session_id: string;
  readonly expires_at: string;
} & { readonly attributes: Record<string, string | null> };
