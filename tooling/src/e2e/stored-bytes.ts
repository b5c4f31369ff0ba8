import type { Redis } from "ioredis";

/** What is held under a key, of one moment, byte for byte. */
export interface StoredBytes {
  /** By name, both as latin1, which holds any byte. */
  readonly fields: ReadonlyMap<string, string>;
  /** Unix ms; negative where it never expires. */
  readonly expiresAt: number;
}

const READ =
  "local found = {} for i, key in ipairs(KEYS) do found[i] = { redis.call('TYPE', key).ok == 'hash' and redis.call('HGETALL', key) or {}, redis.call('PEXPIRETIME', key) } end return found";

/** One per key, in order; null where there is none. */
export async function readKeys(
  redis: Redis,
  keys: readonly string[],
): Promise<(StoredBytes | null)[]> {
  if (keys.length === 0) return [];
  const replies = (await redis.callBuffer("EVAL", READ, keys.length, ...keys)) as unknown as [
    Buffer[],
    number,
  ][];
  return replies.map(([texts, expiresAt]) => {
    if (expiresAt === -2) return null;
    const fields = new Map<string, string>();
    for (let i = 0; i < texts.length; i += 2) {
      fields.set(String(texts[i]?.toString("latin1")), String(texts[i + 1]?.toString("latin1")));
    }
    return { fields, expiresAt };
  });
}

/** Whether exactly these fields are held, with exactly this expiry. */
export function isHeld(
  stored: StoredBytes,
  expected: { readonly fields: Readonly<Record<string, string>>; readonly expiresAt: number },
): boolean {
  const entries = Object.entries(expected.fields);
  return (
    stored.expiresAt === expected.expiresAt &&
    stored.fields.size === entries.length &&
    entries.every(([name, value]) => stored.fields.get(bytesOf(name)) === bytesOf(value))
  );
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}
