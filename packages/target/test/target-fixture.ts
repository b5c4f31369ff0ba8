import {
  type ConflictPolicy,
  type FoundSession,
  type KeyLayout,
  mappingSchema,
  nullText,
  renamed,
  type SessionId,
  type TargetLayout,
  type TargetSession,
  type Transformed,
  TransformedBatch,
} from "@rehome/core";
import { Redis } from "ioredis";
import { inspect as show } from "node:util";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { type LoadOptions, openTarget, type Target } from "../src/index.js";

const HOUR = 3_600_000;
/** Far from every machine's clock, and not a whole second. */
export const EXPIRY = Date.now() + 24 * HOUR + 123;
/** When an expired session has expired. */
export const PAST = EXPIRY - 48 * HOUR;

export const OLD = "2026-01-01T00:00:00.000001Z";
export const NEW = "2026-01-01T00:00:00.000002Z";

/** Both ways to write a hash. What a load does is the same by either. */
export const WAYS = ["restore", "hset"] as const;
export type Way = (typeof WAYS)[number];

/** A user for whom only the way `hset` is left, as the rules that make one. */
export const WITHOUT_RESTORE = {
  name: "without-restore",
  password: "canary-pass",
  rules: ["on", ">canary-pass", "~*", "&*", "+@all", "-restore"],
} as const;

/** The server's URL, for whom this way is the one to write. */
export function urlFor(way: Way | "set", serverUrl: string): URL {
  const url = new URL(serverUrl);
  if (way === "hset")
    [url.username, url.password] = [WITHOUT_RESTORE.name, WITHOUT_RESTORE.password];
  return url;
}

/** The target of these tests, a client beside it, and prefixes that no other test writes under. */
export function useTarget(way: Way | "set" = "restore"): {
  target: Target;
  redis: Redis;
  prefix: () => string;
} {
  const url = inject("redisUrl");
  const target = openTarget(urlFor(way, url));
  const redis = new Redis(url);
  let prefixes = 0;
  beforeAll(async () => {
    await redis.acl("SETUSER", WITHOUT_RESTORE.name, ...WITHOUT_RESTORE.rules);
    const layout = way === "set" ? byExpiry("session:") : layoutUnder("session:");
    expect((await target.writeWay(layout)).kind).toBe(way);
  });
  afterAll(async () => {
    await target.close();
    redis.disconnect();
  });
  const file = Math.random().toString(36).slice(2);
  return { target, redis, prefix: () => `${file}-${(prefixes += 1)}:` };
}

export function id(text: string): SessionId {
  return text as SessionId;
}

/** The keys of texts under a prefix. */
export function keysUnder(prefix: string): KeyLayout {
  return { prefix, idHoldsPrefix: false, idKind: "text" };
}

/** Where the reference store's sessions lie, mapped like this. */
export function layoutUnder(prefix: string, mapping: object = {}): TargetLayout {
  const parsed = { ...mappingSchema.parse(mapping), keyPrefix: prefix };
  return {
    keys: keysUnder(prefix),
    type: "hash",
    recency: {
      by: "field",
      name: renamed(parsed.renames, "last_activity_at"),
      form: parsed.timestamps === "iso" ? "iso" : "rounded-number",
      absent: nullText(parsed),
    },
  };
}

/** Where strings lie, or hashes without a recency: their expiries are compared. */
export function byExpiry(prefix: string, type: TargetLayout["type"] = "string"): TargetLayout {
  return { keys: keysUnder(prefix), type, recency: { by: "expiry" } };
}

/** A string as the target shall hold it. */
export function text(
  name: string,
  value: string | Buffer,
  overrides: Partial<TargetSession> = {},
): Transformed {
  const session = { id: id(name), fields: ["", value], expiresAt: EXPIRY, recency: null };
  return { kind: "write", session: { ...session, ...overrides } };
}

export function options(
  prefix: string,
  conflict: ConflictPolicy = "newer",
  mapping: object = {},
): LoadOptions {
  return { conflict, layout: layoutUnder(prefix, mapping) };
}

export function session(name: string, overrides: Partial<TargetSession> = {}): TargetSession {
  const recency = overrides.recency === undefined ? NEW : overrides.recency;
  const activity = recency === null ? [] : ["last_activity_at", recency];
  const fields = ["user_id", "7", ...activity, "cart", "apples"];
  return { id: id(name), fields, expiresAt: EXPIRY, ...overrides, recency };
}

export function write(name: string, overrides: Partial<TargetSession> = {}): Transformed {
  return { kind: "write", session: session(name, overrides) };
}

export function expired(name: string, recency: string | null = NEW, expiresAt = PAST): Transformed {
  return { kind: "expired", id: id(name), expiresAt, recency };
}

export function rejected(name: string): Transformed {
  const reject = { id: id(name), code: "field-collision", message: "two have one name" } as const;
  return { kind: "rejected", reject };
}

export function batchOf(entries: readonly Transformed[]): TransformedBatch {
  return TransformedBatch.of(entries);
}

/** name → value, as text. */
export function fieldsOf(found: FoundSession | undefined): Map<string, string> {
  const texts = (found?.fields ?? []).map((field) => field.toString());
  return pairs(texts);
}

export function pairs(texts: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < texts.length; i += 2) map.set(texts[i]!, texts[i + 1]!);
  return map;
}

export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => {
      throw new Error("it did not reject");
    },
    (error: unknown) => error,
  );
}

/** Everything of an error that any log could show. */
export function everythingIn(error: unknown): string {
  const stack =
    error instanceof Error ? `${error.stack} ${error.message} ${JSON.stringify(error)}` : "";
  return `${show(error, { depth: null, showHidden: true })} ${stack}`;
}

/** How many different keys a scan gives. */
export async function countKeys(
  target: Pick<Target, "scanIds">,
  prefix: string,
  signal?: AbortSignal,
): Promise<number> {
  const seen = new Set<string>();
  for await (const ids of target.scanIds(keysUnder(prefix), signal))
    for (const id of ids) seen.add(id);
  return seen.size;
}
