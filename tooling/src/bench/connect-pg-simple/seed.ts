import pg from "pg";
import type { Urls } from "../contender.js";
import { Refusal } from "../refusal.js";
import { insertInSteps, tidy } from "../seeding.js";
import type { Size } from "../workload.js";

/** The comment by which the benchmark knows its own table again. */
const MARK = "made by rehome's benchmark";

/** Of connect-pg-simple's own table.sql. */
const TABLE = `
  CREATE TABLE session (sid varchar NOT NULL COLLATE "default", sess json NOT NULL, expire timestamp(6) NOT NULL);
  ALTER TABLE session ADD CONSTRAINT session_pkey PRIMARY KEY (sid) NOT DEFERRABLE INITIALLY IMMEDIATE;
  CREATE INDEX "IDX_session_expire" ON session (expire);
  COMMENT ON TABLE session IS '${MARK.replaceAll("'", "''")}'`;

/** 24 random bytes, as express-session's id generator takes them. */
const SID = `translate(encode(substr(sha256(uuid_send(gen_random_uuid())), 1, 24), 'base64'), '+/', '-_')`;

/** As JSON.stringify writes it: a cookie of two weeks, who is signed in, and what a shop keeps. */
const JSON_TEXT = `
  '{"cookie":{"originalMaxAge":1209600000,"expires":"' || to_char(expire - random() * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  || '","secure":true,"httpOnly":true,"path":"/","sameSite":"lax"},"passport":{"user":"' || user_id || '"},"csrfSecret":"'
  || substr(md5(user_id::text), 1, 24) || '","name":"' || (ARRAY['Zoë Müller', 'John Smith', 'José Nuñez', '佐藤 花子'])[1 + user_id % 4]
  || '","returnTo":"/products/' || user_id % 5000 || '","cart":{"items":[{"sku":"' || user_id % 997 || '","quantity":' || 1 + user_id % 3
  || '}],"currency":"EUR"},"locale":"de-DE","v":1,"flash":{}}'`;

/** connect-pg-simple's table; each session has expired no sooner than in two days, at a whole second as it writes it. */
export async function seed(
  urls: Urls,
  { sessions, users }: Size,
  onProgress: (sessions: number) => void,
): Promise<void> {
  const source = new pg.Client(urls.SOURCE_URL);
  await source.connect();
  try {
    await prepareTable(source);
    await source.query("TRUNCATE session; SELECT setseed(0.5)");
    await insertInSteps(sessions, onProgress, async (count) => {
      await source.query(
        `INSERT INTO session (sid, sess, expire)
         SELECT ${SID}, (${JSON_TEXT})::json, expire
           FROM (SELECT 1 + floor(random() * $2)::int AS user_id,
                        date_trunc('second', localtimestamp + interval '2 days' + random() * interval '12 days') AS expire
                   FROM generate_series(1, $1::int)) made`,
        [count, users],
      );
    });
    await tidy(source, ["session"]);
  } finally {
    await source.end();
  }
}

async function prepareTable(source: pg.Client): Promise<void> {
  const { rows } = await source.query<{ mark: string | null }>(
    "SELECT obj_description(oid, 'pg_class') AS mark FROM pg_class WHERE oid = to_regclass('session')",
  );
  const [found] = rows;
  if (found === undefined) await source.query(TABLE);
  else if (found.mark !== MARK) {
    throw new Refusal(
      "source: table session was not made by this benchmark, and is left alone. " +
        "Give SOURCE_URL a database of its own",
    );
  }
}
