import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { AppSession } from "../e2e/oracle.js";
import type { Random } from "../e2e/random.js";
import { seal } from "./sealed-session.js";

/** An application that uses the target already, while the sessions come in. */
export interface Application {
  /** What it has written, by session id. */
  readonly sessions: ReadonlyMap<string, AppSession>;
  /** The session that it is just about to write: the target may hold it as it was or as it will be. */
  readonly writing: string | null;
  stop(): Promise<void>;
}

const PAUSE_MS = [10, 60] as const;
const AGAIN_MS = 100;
const DAY_MS = 86_400_000;

/**
 * Writes sessions that are newer than the source's, which must stay, and some that are older, which must not.
 */
export function startApplication(url: string, random: Random, ids: readonly string[]): Application {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);
  const sessions = new Map<string, AppSession>();
  let writing: string | null = null;
  let going = true;

  async function work(): Promise<void> {
    while (going) {
      const id = random.pick(ids);
      const isNewer = random.chance(0.5) || sessions.get(id)?.isNewer === true;
      const session = makeSession(random, isNewer);
      writing = id;
      // Whether a write arrived that was not answered is not known: it is written again until it is.
      while (!(await write(redis, id, session))) await sleep(AGAIN_MS);
      sessions.set(id, session);
      writing = null;
      await sleep(random.between(...PAUSE_MS));
    }
  }
  const working = work();
  return {
    sessions,
    get writing() {
      return writing;
    },
    stop: async () => {
      going = false;
      await working;
      redis.disconnect();
    },
  };
}

function makeSession(random: Random, isNewer: boolean): AppSession {
  const { userAgent, attributes } = seal(`a${random.between(0, 0xffffffff)}`, random.between(0, 5));
  const now = Date.now();
  const active = new Date(isNewer ? now + DAY_MS : now - 100 * DAY_MS).toISOString();
  return {
    fields: {
      user_id: "1",
      user_agent: userAgent,
      last_activity_at: active.replace("Z", "000Z"),
      ...attributes,
    },
    expiresAt: now + 2 * DAY_MS,
    isNewer,
  };
}

async function write(
  redis: Redis,
  id: string,
  { fields, expiresAt }: AppSession,
): Promise<boolean> {
  const key = `session:${id}`;
  const replies = await redis
    .multi()
    .del(key)
    .hset(key, { ...fields })
    .pexpireat(key, expiresAt)
    .exec()
    .catch(() => null);
  return replies !== null && replies.every(([error]) => error === null);
}
