import type pg from "pg";
import type { Random } from "../e2e/random.js";
import { hostileText } from "./hostile-text.js";

interface HostileSession {
  readonly id: string;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly attributes: ReadonlyMap<string, string | null>;
}

const PAGE = 500;
const MAX_ID_BYTES = 200;
const LONG_NAME_BYTES = 64 * 1024;
const LONG_VALUE_BYTES = 512 * 1024;
/** Around the number up to which Redis keeps a hash as a listpack. */
const MANY_FIELDS = [116, 117, 118, 119, 300] as const;

/** Lets an attribute's name be longer than the reference schema does. */
export async function widenNames(source: pg.Pool): Promise<void> {
  await source.query(
    `ALTER TABLE session_data DROP CONSTRAINT IF EXISTS session_data_session_id_attribute_key_key;
     DO $$ DECLARE name text; BEGIN
       FOR name IN SELECT conname FROM pg_constraint WHERE conrelid = 'session_data'::regclass AND contype = 'u' LOOP
         EXECUTE format('ALTER TABLE session_data DROP CONSTRAINT %I', name);
       END LOOP;
     END $$;
     ALTER TABLE session_data ALTER attribute_key TYPE text;
     CREATE INDEX ON session_data (session_id)`,
  );
}

/** Adds so many sessions of user 1 whose every text is hostile. */
export async function addHostileSessions(
  source: pg.Pool,
  random: Random,
  count: number,
): Promise<void> {
  for (let first = 0; first < count; first += PAGE) {
    const size = Math.min(PAGE, count - first);
    await insert(
      source,
      Array.from({ length: size }, (_, i) => makeSession(random, first + i)),
    );
  }
  await source.query("ANALYZE");
}

function makeSession(random: Random, index: number): HostileSession {
  // The number, which makes the id unique, may stand anywhere. It has a fixed width because the
  // text may be digits too: 1 with 23 and 12 with 3 would be one id.
  const number = String(index).padStart(9, "0");
  const text = hostileText(random, MAX_ID_BYTES);
  const at = random.between(0, 2);
  const id = at === 0 ? `${number}${text}` : at === 1 ? `${text}${number}` : `(${number})${text}`;
  const optional = (maxBytes: number) =>
    random.chance(0.1) ? null : hostileText(random, maxBytes);
  const attributes = new Map<string, string | null>();
  const many = random.chance(0.005) ? random.pick(MANY_FIELDS) : random.between(0, 6);
  while (attributes.size < many) {
    const name = hostileText(random, 255);
    attributes.set(attributes.size > 20 ? `${name}${attributes.size}` : name, optional(20_000));
    if (random.chance(0.1)) break;
  }
  if (random.chance(0.001)) attributes.set("n".repeat(LONG_NAME_BYTES), "long name");
  if (random.chance(0.001))
    attributes.set("long value", "\u0001\r\nv".repeat(LONG_VALUE_BYTES / 4));
  return { id, ipAddress: optional(45), userAgent: optional(5_000), attributes };
}

async function insert(source: pg.Pool, sessions: readonly HostileSession[]): Promise<void> {
  await source.query(
    `INSERT INTO user_sessions (session_id, user_id, ip_address, user_agent, last_activity_at, expires_at)
     SELECT id, 1, left(ip, 45), agent, '2026-01-02 03:04:05.678901', localtimestamp(3) + interval '1 day'
       FROM unnest($1::text[], $2::text[], $3::text[]) AS t (id, ip, agent)`,
    [
      sessions.map(({ id }) => id),
      sessions.map(({ ipAddress }) => ipAddress),
      sessions.map(({ userAgent }) => userAgent),
    ],
  );
  const rows = sessions.flatMap(({ id, attributes }) =>
    [...attributes].map(([name, value]) => [id, name, value] as const),
  );
  await source.query(
    "INSERT INTO session_data (session_id, attribute_key, attribute_value) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])",
    [rows.map(([id]) => id), rows.map(([, name]) => name), rows.map(([, , value]) => value)],
  );
}
