import { type TargetLayout, type TargetSession, textBytes } from "@rehome/core";
import { sessionKey } from "./key.js";
import { MAX_LISTPACK_BYTES } from "./payload.js";

/** Redis's own default of hash-max-listpack-entries. */
const MAX_LISTPACK_ENTRIES = 512;

/**
 * Bytes of memory one session takes in a Redis 7 that takes it by RESTORE or SET, by the sizes of its structures on 64
 * bits: the key with its entries in the two tables of a database, and the hash as a listpack or as a table, or the string.
 */
export function projectBytes(session: TargetSession, { keys, type }: TargetLayout): number {
  const texts = session.fields.map((text) => textBytes(text).length);
  const key = allocated(stringBytes(textBytes(sessionKey(keys, session.id)).length));
  const databaseEntries = 2 * (32 + 8 * TABLE_SLACK);
  const value = type === "hash" ? OBJECT + hashBytes(texts) : stringObjectBytes(texts[1] ?? 0);
  return key + databaseEntries + value;
}

const OBJECT = 16;

/** A short string is one piece with its object. */
const MAX_EMBEDDED = 44;

function stringObjectBytes(length: number): number {
  return length <= MAX_EMBEDDED
    ? allocated(OBJECT + 3 + length + 1)
    : OBJECT + allocated(stringBytes(length));
}

/** A table has between one and two slots for each entry. */
const TABLE_SLACK = 1.5;

function hashBytes(texts: readonly number[]): number {
  const entries = texts.length / 2;
  const listpack = 7 + texts.reduce((sum, bytes) => sum + bytes + (bytes < 64 ? 2 : 4), 0);
  if (entries <= MAX_LISTPACK_ENTRIES && listpack <= MAX_LISTPACK_BYTES) return allocated(listpack);
  const slots = 2 ** Math.ceil(Math.log2(Math.max(4, entries)));
  const strings = texts.reduce((sum, bytes) => sum + allocated(stringBytes(bytes)), 0);
  return 64 + 8 * slots + 32 * entries + strings;
}

/** With header and terminator. */
function stringBytes(length: number): number {
  return length + (length < 32 ? 2 : length < 256 ? 4 : length < 65_536 ? 6 : 10);
}

/** The size classes of jemalloc: four between each power of two. */
function allocated(bytes: number): number {
  if (bytes <= 8) return 8;
  if (bytes <= 128) return Math.ceil(bytes / 16) * 16;
  const step = 2 ** (Math.ceil(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}
