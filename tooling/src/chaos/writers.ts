import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Random } from "../e2e/random.js";
import { USERS } from "./population.js";
import { seal } from "./sealed-session.js";

/** Applications that still use the source while it is migrated. */
export interface Writers {
  /** Transactions that were committed. */
  readonly written: number;
  stop(): Promise<void>;
}

const RECONNECT_MS = 100;
/** How often each of them writes, at the least and at the most. */
const PAUSE_MS = [20, 120] as const;

/**
 * Each writes over a connection of its own, made again whenever it is lost. New sessions are added to `ids`.
 */
export function startWriters(url: string, count: number, random: Random, ids: string[]): Writers {
  let written = 0;
  let going = true;

  async function write(own: Random): Promise<void> {
    while (going) {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
      client.on("error", () => undefined);
      try {
        await client.connect();
        while (going) {
          await change(client, own, ids);
          written += 1;
          await sleep(own.between(...PAUSE_MS));
        }
      } catch {
        await sleep(RECONNECT_MS);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }
  const working = Array.from({ length: count }, () => write(random.fork()));
  return {
    get written() {
      return written;
    },
    stop: async () => {
      going = false;
      await Promise.all(working);
    },
  };
}

async function change(client: pg.Client, random: Random, ids: string[]): Promise<void> {
  const user = random.between(1, USERS);
  const dice = random.next();
  if (dice < 0.25) await insertSession(client, random, user, ids);
  else if (dice < 0.75) await updateSession(client, random, random.pick(ids));
  else if (dice < 0.85) {
    await client.query(
      `INSERT INTO user_preferences (user_id, theme, language, notifications_enabled) VALUES ($1, $2, $3, $4)
       ON CONFLICT (user_id) DO UPDATE SET theme = $2, language = $3, notifications_enabled = $4`,
      [user, random.pick(["dark", "light"]), random.pick(["en", "fr", "de"]), random.chance(0.5)],
    );
  } else if (dice < 0.9) {
    const email = `user${user}.${random.between(0, 999)}@example.com`;
    await client.query("UPDATE users SET email = $2 WHERE user_id = $1", [user, email]);
  } else {
    await client.query(
      "UPDATE user_sessions SET expires_at = localtimestamp + $2 * interval '1 hour', last_activity_at = localtimestamp WHERE session_id = $1",
      [random.pick(ids), random.between(1, 200)],
    );
  }
}

async function insertSession(
  client: pg.Client,
  random: Random,
  user: number,
  ids: string[],
): Promise<void> {
  const id = `${random.between(0, 0xffffffff).toString(16)}-${random.between(0, 0xffffffff).toString(16)}`;
  // Some expire while they are migrated.
  const seconds = random.chance(0.15) ? random.between(-5, 30) : random.between(3_600, 900_000);
  await inTransaction(client, async () => {
    await client.query(
      "INSERT INTO user_sessions (session_id, user_id, user_agent, expires_at) VALUES ($1, $2, '', localtimestamp + $3 * interval '1 second')",
      [id, user, seconds],
    );
    await rewrite(client, random, id, true);
  });
  ids.push(id);
}

async function updateSession(client: pg.Client, random: Random, id: string): Promise<void> {
  await inTransaction(client, () => rewrite(client, random, id, random.chance(0.6)));
}

/** Gives a session its next version; `active` tells whether that counts as activity of the user's. */
async function rewrite(
  client: pg.Client,
  random: Random,
  id: string,
  active: boolean,
): Promise<void> {
  const { userAgent, attributes } = seal(`w${random.between(0, 0xffffffff)}`, random.between(0, 8));
  const rejected = random.chance(0.01);
  // First of all, so that two who write the same session do so one after the other.
  await client.query(
    `UPDATE user_sessions SET user_agent = $2, last_activity_at = CASE WHEN $3 THEN localtimestamp ELSE last_activity_at END WHERE session_id = $1`,
    [id, userAgent, active],
  );
  await client.query("DELETE FROM session_data WHERE session_id = $1", [id]);
  const all = [...Object.entries(attributes), ...(rejected ? [["email", "collides"]] : [])];
  await client.query(
    `INSERT INTO session_data (session_id, attribute_key, attribute_value)
     SELECT $1, key, value FROM unnest($2::text[], $3::text[]) AS t (key, value)`,
    [id, all.map(([key]) => key), all.map(([, value]) => value)],
  );
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query("BEGIN");
  await work();
  await client.query("COMMIT");
}
