import { Redis } from "ioredis";
import pg from "pg";
import type { Contender } from "./contender.js";

/** So many sessions are enough to tell its speed. */
const PART = 20_000;

interface Script<Row> {
  /** Selects all sessions, in some order. */
  readonly sql: string;
  readonly write: (redis: Redis, row: Row) => Promise<unknown>;
}

/** What one finds in tutorials: one query, then what writes a session, awaited for one after the other. */
export function makeTextbook<Row extends pg.QueryResultRow>({
  sql,
  write,
}: Script<Row>): Contender {
  return {
    name: "textbook script (a part, extrapolated)",
    leaves: "seconds",
    move: async ({ urls, sessions }) => {
      const source = new pg.Client(urls.SOURCE_URL);
      await source.connect();
      const redis = new Redis(urls.TARGET_URL);
      try {
        const before = process.cpuUsage();
        const started = performance.now();
        const { rows } = await source.query<Row>(`${sql} LIMIT ${PART}`);
        for (const row of rows) await write(redis, row);
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
}
