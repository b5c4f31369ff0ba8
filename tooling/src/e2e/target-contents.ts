import type { Redis } from "ioredis";

export interface StoredSession {
  readonly fields: Readonly<Record<string, string>>;
  /** Unix milliseconds, -1 where the key never expires. */
  readonly expiresAt: number;
}

/** Every hash under the prefix, by key. */
export async function readTarget(
  target: Redis,
  prefix = "session:",
): Promise<Map<string, StoredSession>> {
  const found = new Map<string, StoredSession>();
  for await (const keys of target.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    for (const key of keys as string[]) {
      if ((await target.type(key)) !== "hash") continue;
      found.set(key, {
        fields: await target.hgetall(key),
        expiresAt: await target.pexpiretime(key),
      });
    }
  }
  return found;
}

/** The same as text, to compare two moments. */
export async function dumpTarget(target: Redis): Promise<string> {
  const found = await readTarget(target);
  return JSON.stringify(
    [...found]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { fields, expiresAt }]) => [
        key,
        Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)),
        expiresAt,
      ]),
  );
}
