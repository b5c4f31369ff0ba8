import { makeTextbook } from "../textbook.js";

interface Row {
  readonly sid: string;
  readonly sess: unknown;
  readonly expires_at: string;
}

/** Reads objects, as connect-pg-simple does, and writes them by SET, as connect-redis does. */
export const textbook = makeTextbook<Row>({
  sql: "SELECT sid, sess, extract(epoch FROM expire)::bigint AS expires_at FROM session ORDER BY sid",
  write: (redis, { sid, sess, expires_at }) =>
    redis.set(`sess:${sid}`, JSON.stringify(sess), "EXAT", Number(expires_at)),
});
