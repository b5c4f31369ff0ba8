import type { Expected } from "../workload.js";

export const expected: Expected = {
  table: "session",
  id: "sid",
  keyPrefix: "sess:",
  sql: `
  SELECT s.sid AS id, floor(extract(epoch FROM s.expire) * 1000)::bigint::text AS expires_at,
         convert_to(s.sess::text, 'UTF8') AS value
    FROM session s`,
  holds: async (redis, key, value) =>
    (await redis.getBuffer(key))?.equals(value as Buffer) ?? false,
};
