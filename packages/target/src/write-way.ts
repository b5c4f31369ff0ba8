import { randomUUID } from "node:crypto";
import { RehomeError, type SessionId, type TargetLayout, TransformedBatch } from "@rehome/core";
import type { Connection } from "./connection.js";
import { probePrefix } from "./key.js";
import { encodePayload } from "./payload.js";

/**
 * How a session is written. `set`: a string, by one command. `restore`: a hash, by one command, from a payload encoded
 * here. `hset`: a hash, by a script, field by field, for servers that do not take such payloads; what it leaves takes
 * about twice the memory.
 */
export type WriteWay =
  | { readonly kind: "set" }
  | { readonly kind: "restore"; readonly maxListpackEntries: number }
  | { readonly kind: "hset"; readonly reason: string };

/** For a server that does not tell its hash-max-listpack-entries, which is usually 512. */
const DEFAULT_MAX_LISTPACK_ENTRIES = 128;

/** What a listpack's own count of names and values can hold. */
const MAX_LISTPACK_ENTRIES = 32_767;

const PROBE_LIFETIME_MS = 60_000;

/**
 * Tries it on a key of our own, outside the prefix, which is removed after. Throws RehomeError `target-too-old` (exit 2)
 * where the server cannot set a string and its expiry in one step.
 */
export async function findWriteWay(
  connection: Connection,
  { type, keys }: TargetLayout,
): Promise<WriteWay> {
  const key = probePrefix(keys.prefix) + randomUUID();
  return type === "string"
    ? await findWayOfStrings(connection, key)
    : await findWayOfHashes(connection, key);
}

async function findWayOfStrings(connection: Connection, key: string): Promise<WriteWay> {
  try {
    // The expiry has passed, so nothing stays even if we die here.
    await connection.call("SET", [key, "", "PXAT", 1, "NX"]);
    await connection.call("UNLINK", [key]);
  } catch (error) {
    const code = error instanceof RehomeError ? error.code : "";
    if (code === "target-ERR") throw tooOld();
    // The first load meets the same refusal, and the preflight says there which permissions are needed.
    if (code !== "target-NOPERM") throw error;
  }
  return { kind: "set" };
}

function tooOld(): RehomeError {
  return new RehomeError(
    "target-too-old",
    "the target does not take SET with PXAT: Redis 6.2 or later is needed",
    { hint: "Give TARGET_URL the address of a newer server", exitCode: 2 },
  );
}

async function findWayOfHashes(connection: Connection, key: string): Promise<WriteWay> {
  // With a value longer than the 64 bytes up to which HSET leaves a listpack.
  const fields = ["a", "1", "b", "x".repeat(100)];
  const payload = encodePayload(probeOf(fields), 0, DEFAULT_MAX_LISTPACK_ENTRIES);
  try {
    await connection.call("RESTORE", [key, PROBE_LIFETIME_MS, payload]);
    const held = await connection.call("HMGET", [key, "a", "b"]);
    await connection.call("UNLINK", [key]);
    if (Array.isArray(held) && held[0] === fields[1] && held[1] === fields[3])
      return { kind: "restore", maxListpackEntries: await readMaxListpackEntries(connection) };
    return { kind: "hset", reason: "the target does not hold what was restored" };
  } catch (error) {
    const reason = refusalOfRestore(error);
    if (reason === null) throw error;
    return { kind: "hset", reason };
  }
}

function probeOf(fields: readonly string[]): TransformedBatch {
  const session = { id: "" as SessionId, fields, expiresAt: 0, recency: null };
  return TransformedBatch.of([{ kind: "write", session }]);
}

/** Why RESTORE is not used, as the log, the preflight and the status say it. */
export function describeWay(way: WriteWay & { readonly kind: "hset" }): string {
  return `sessions are written by HSET and take about twice the memory: ${way.reason}`;
}

/** Null where the server says no for a reason that has nothing to do with RESTORE. */
export function refusalOfRestore(error: unknown): string | null {
  if (!(error instanceof RehomeError)) return null;
  switch (error.code) {
    case "target-ERR":
      return "the target does not take RESTORE payloads of Redis 7";
    case "target-NOPERM":
      return "the target's user may not call RESTORE";
    default:
      return null;
  }
}

async function readMaxListpackEntries(connection: Connection): Promise<number> {
  const reply = await connection
    .call("CONFIG", ["GET", "hash-max-listpack-entries"])
    .catch((error: unknown) => {
      if (refusalOfRestore(error) !== null) return null;
      throw error;
    });
  const limit = Array.isArray(reply) ? Number(reply[1]) : Number.NaN;
  return Number.isInteger(limit)
    ? Math.min(limit, MAX_LISTPACK_ENTRIES)
    : DEFAULT_MAX_LISTPACK_ENTRIES;
}
