import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Random } from "../e2e/random.js";
import { isHeld, readKeys } from "../e2e/stored-bytes.js";
import type { Application } from "./application.js";
import { isWhole } from "./sealed-session.js";

/** What a reader of the target has seen that it must not. */
export interface Sightings {
  read: number;
  /** Not of one moment, or not complete. */
  partial: number;
  /** Without an expiry. */
  immortal: number;
  /** The application's newer one is no longer what it wrote. */
  overwritten: number;
  readonly examples: string[];
}

export interface Reader {
  readonly seen: Sightings;
  stop(): Promise<void>;
}

const PAGE = 25;
const PAUSE_MS = 10;

/** Polls sessions at random for as long as the migration goes on. */
export function startReader(
  url: string,
  random: Random,
  ids: readonly string[],
  application: Application,
): Reader {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);
  const seen: Sightings = { read: 0, partial: 0, immortal: 0, overwritten: 0, examples: [] };
  let going = true;

  const sight = (what: "partial" | "immortal" | "overwritten", id: string) => {
    seen[what] += 1;
    if (seen.examples.length < 10) seen.examples.push(`${what}: ${id}`);
  };
  async function look(): Promise<void> {
    const picked = Array.from({ length: PAGE }, () => random.pick(ids));
    const { sessions } = application;
    const before = picked.map((id) => sessions.get(id));
    const stored = await readKeys(
      redis,
      picked.map((id) => `session:${id}`),
    );
    for (const [i, id] of picked.entries()) {
      const found = stored[i] ?? null;
      seen.read += 1;
      if (found !== null && found.expiresAt < 0) sight("immortal", id);
      if (found !== null && !isWhole(found.fields)) sight("partial", id);
      const session = before[i];
      // Only what the application did not touch meanwhile can be held against anyone.
      const untouched = sessions.get(id) === session && application.writing !== id;
      if (session?.isNewer !== true || !untouched) continue;
      if (found === null || !isHeld(found, session)) sight("overwritten", id);
    }
  }
  async function work(): Promise<void> {
    while (going) {
      await look().catch(() => sleep(100));
      await sleep(PAUSE_MS);
    }
  }
  const working = work();
  return {
    seen,
    stop: async () => {
      going = false;
      await working;
      redis.disconnect();
    },
  };
}
