import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type pg from "pg";

/** What the demo adds to the seeded sessions, and what must become of it. */
export interface SpecialSessions {
  readonly rejects: Readonly<Record<string, number>>;
  readonly kept: number;
  /** Sessions whose copy in the target must be gone. */
  readonly endedKeys: readonly string[];
}

const DAY = 24 * 60 * 60;
const FAR_AHEAD = "9998-01-01T00:00:00.000000Z";

/** Sessions that cannot be represented, sessions of which the target holds newer copies, and one that has ended. */
export async function addSpecialSessions(
  source: pg.Client,
  target: Redis,
): Promise<SpecialSessions> {
  for (const name of ["user_id", "email", "last_activity_at"]) {
    const id = await addSession(source, {});
    await source.query(
      "INSERT INTO session_data (session_id, attribute_key, attribute_value) VALUES ($1, $2, 'x')",
      [id, name],
    );
  }
  await addSession(source, { expiresAt: "infinity" });
  await addSession(source, { lastActivityAt: "infinity" });
  const stringKey = await addSession(source, {});
  await target.set(`session:${stringKey}`, "not a hash", "EX", DAY);

  for (let i = 0; i < 3; i += 1) {
    const id = await addSession(source, {});
    await putCopy(target, id, FAR_AHEAD);
  }
  const ended = await addSession(source, { expiresAt: "2020-01-01" });
  await putCopy(target, ended, "2019-12-31T00:00:00.000000Z");

  return {
    rejects: { "field-collision": 3, "time-out-of-range": 2, "wrong-type": 1 },
    kept: 3,
    endedKeys: [`session:${ended}`],
  };
}

async function addSession(
  source: pg.Client,
  times: { expiresAt?: string; lastActivityAt?: string },
): Promise<string> {
  const id = randomUUID();
  await source.query(
    `INSERT INTO user_sessions (session_id, user_id, expires_at, last_activity_at)
     SELECT $1, min(user_id), coalesce($2::timestamp, localtimestamp + interval '1 day'), coalesce($3::timestamp, localtimestamp)
       FROM users`,
    [id, times.expiresAt ?? null, times.lastActivityAt ?? null],
  );
  return id;
}

async function putCopy(target: Redis, id: string, lastActivityAt: string): Promise<void> {
  await target
    .multi()
    .hset(`session:${id}`, { user_id: "1", last_activity_at: lastActivityAt })
    .expire(`session:${id}`, DAY)
    .exec();
}
