import {
  type ConflictPolicy,
  type Mapping,
  nullText,
  renamed,
  RehomeError,
  type Transformed,
} from "@rehome/core";
import type { Argument } from "./connection.js";
import { sessionKey } from "./key.js";
import { encodePayload } from "./payload.js";
import type { WriteWay } from "./write-way.js";

/** To RESTORE, an expiry of 0 is none, and a negative one an error; 1 has passed as well. */
export function atLeastOne(expiresAt: number): number {
  return Math.max(1, expiresAt);
}

/** What `transform` gives and the target must be told of. */
export type LoadEntry = Exclude<Transformed, { readonly kind: "rejected" }>;

export interface LoadOptions {
  readonly mapping: Mapping;
  readonly conflict: ConflictPolicy;
}

/** Keys and arguments of one call of the load script. */
export interface Batch {
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
}

/** A call holds the server up for its whole length: a few milliseconds at most. */
const MAX_BATCH_SESSIONS = 200;
const MAX_BATCH_BYTES = 1024 * 1024;

/** Encodes as it is asked for batches, so that what waits to be sent is not held twice. */
export function* encodeBatches(
  entries: readonly LoadEntry[],
  options: LoadOptions,
  way: WriteWay,
): Generator<Batch> {
  const header = [...encodeHeader(options), way.kind];
  let keys: string[] = [];
  let args: Argument[] = [...header];
  let bytes = 0;
  for (const entry of entries) {
    const entryBytes = entry.kind === "write" ? entry.session.bytes : 0;
    if (
      keys.length === MAX_BATCH_SESSIONS ||
      (keys.length > 0 && bytes + entryBytes > MAX_BATCH_BYTES)
    ) {
      yield { keys, args };
      [keys, args, bytes] = [[], [...header], 0];
    }
    bytes += entryBytes;
    keys.push(
      sessionKey(options.mapping.keyPrefix, entry.kind === "write" ? entry.session.id : entry.id),
    );
    encodeEntry(entry, args, way);
  }
  if (keys.length > 0) yield { keys, args };
}

function encodeHeader({ mapping, conflict }: LoadOptions): Argument[] {
  const absent = nullText(mapping);
  const activity = renamed(mapping.renames, "last_activity_at");
  return [conflict, mapping.timestamps, activity, absent === null ? "" : `=${absent}`];
}

function encodeEntry(entry: LoadEntry, args: Argument[], way: WriteWay): void {
  if (entry.kind === "expired") {
    args.push("", entry.lastActivityAt ?? "", 0);
    return;
  }
  const { expiresAt, lastActivityAt, fields } = entry.session;
  if (way.kind === "restore") {
    args.push(
      atLeastOne(expiresAt),
      lastActivityAt ?? "",
      1,
      encodePayload(fields, way.maxListpackEntries),
    );
    return;
  }
  // One at a time: a session may have more fields than a call can have arguments.
  args.push(expiresAt, lastActivityAt ?? "", fields.length);
  for (const text of fields) args.push(text);
}

/**
 * Throws before anything is sent. Redis holds no empty hash, so a session without a single field would seem
 * migrated and not be there; and an expiry that the server refuses would cost the session it was meant for.
 */
export function refuseUnwritable(entries: readonly LoadEntry[]): void {
  for (const entry of entries) {
    if (entry.kind !== "write") continue;
    const { fields, expiresAt } = entry.session;
    if (fields.length === 0) {
      throw new RehomeError(
        "empty-session",
        "a session has no field but null ones, and Redis holds no empty hash",
        {
          hint: 'Set nulls to "empty" in the mapping',
        },
      );
    }
    if (fields.length % 2 !== 0) throw new TypeError("a session has a field without a value");
    if (!Number.isInteger(expiresAt) || Math.abs(expiresAt) >= 2 ** 62) {
      throw new TypeError("a session's expiry is not a whole number of milliseconds");
    }
  }
}
