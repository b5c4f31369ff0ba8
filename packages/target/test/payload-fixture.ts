import type { Transformed } from "@rehome/core";
import type { Redis } from "ioredis";
import { expect } from "vitest";
import type { Target } from "../src/index.js";
import { expectedEncoding, type Fields, isInteger } from "./payload-cases.js";
import { batchOf, EXPIRY, id, options, pairs, layoutUnder } from "./target-fixture.js";

/** A session as it is to be, and as it is found. */
export interface Held {
  readonly key: string;
  readonly fields: Map<string, string>;
  readonly expiresAt: number;
}

const KEYS = "payload:";

/** Writes the sessions as a worker does; returns what the server must then hold. */
export async function loadAll(target: Target, sessions: readonly Fields[]): Promise<Held[]> {
  const entries = sessions.map((fields, i): Transformed => ({
    kind: "write",
    session: {
      id: id(`${i}`),
      fields: fields.flat(),
      expiresAt: EXPIRY + i * 86_400_001,
      recency: null,
    },
  }));
  expect(await target.load(batchOf(entries), options(KEYS))).toEqual(entries.map(() => "migrated"));
  return sessions.map((fields, i) => ({
    key: `${KEYS}${i}`,
    fields: new Map(fields),
    expiresAt: EXPIRY + i * 86_400_001,
  }));
}

/**
 * Every field to the byte, and the expiry to the millisecond; or to the next one, where the server tells no more
 * than the time that is left.
 */
export async function expectHeld(
  target: Target,
  wanted: readonly Held[],
  isExact = true,
): Promise<void> {
  const found = await target.readBack(
    wanted.map(({ key }) => id(key.slice(KEYS.length))),
    layoutUnder(KEYS),
  );
  for (const [i, { fields, expiresAt }] of wanted.entries()) {
    const held = found[i]!;
    const expected = [...fields].flat().map((text) => Buffer.from(text));
    const inOrder = held.fields.every((bytes, at) => expected[at]?.equals(bytes) === true);
    const off = Math.abs((held.expiresAt ?? 0) - expiresAt);
    expect(off, `the expiry of session ${i}`).toBeLessThanOrEqual(isExact ? 0 : 1);
    if (inOrder && held.fields.length === expected.length) continue;
    expect(mapOf(held.fields), `session ${i}`).toEqual(mapOf(expected));
  }
}

/** A hash table tells its fields in an order of its own. */
function mapOf(fields: readonly Buffer[]): Map<string, string> {
  const texts = fields.map((bytes) => bytes.toString("latin1"));
  return pairs(texts);
}

export async function expectEncodings(
  redis: Redis,
  wanted: readonly Held[],
  maxEntries: number,
): Promise<void> {
  const found = await replies(
    redis,
    wanted.map(({ key }) => ["OBJECT", "ENCODING", key]),
  );
  const expected = wanted.map(({ fields }) => expectedEncoding([...fields], maxEntries));
  for (const [i, encoding] of found.entries()) {
    if (encoding === expected[i]) continue;
    expect({ encoding, fields: [...wanted[i]!.fields] }).toMatchObject({ encoding: expected[i] });
  }
}

/**
 * What an application does to its sessions: adds a short field, counts up where a number is, and takes a field
 * away where there are several. Returns what must then be held.
 */
export async function writeAsApplication(redis: Redis, held: readonly Held[]): Promise<Held[]> {
  const commands: string[][] = [];
  const after = held.map(({ key, fields: before, expiresAt }) => {
    const fields = new Map(before);
    const counters = [...fields].filter(([name, value]) => isCounter(name, value));
    for (const [name, value] of counters.slice(0, 5)) {
      commands.push(["HINCRBY", key, name, "1"]);
      fields.set(name, String(BigInt(value) + 1n));
    }
    const [first] = fields.keys();
    if (fields.size > 1 && first !== undefined) {
      commands.push(["HDEL", key, first]);
      fields.delete(first);
    }
    commands.push(["HSET", key, "seen by", "the application"]);
    fields.set("seen by", "the application");
    return { key, fields, expiresAt };
  });
  await replies(redis, commands);
  return after;
}

/** With a name over 64 bytes, a write of its field alone would make a hash table of a listpack. */
function isCounter(name: string, value: string): boolean {
  return isInteger(value) && BigInt(value) < 2n ** 63n - 1n && Buffer.byteLength(name) <= 64;
}

/** Throws the first error reply. */
export async function replies(redis: Redis, commands: readonly string[][]): Promise<unknown[]> {
  const pipeline = redis.pipeline();
  for (const [name, ...args] of commands) pipeline.call(name!, ...args);
  const all = (await pipeline.exec()) ?? [];
  return all.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}
