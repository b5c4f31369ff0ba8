import {
  type ConflictPolicy,
  type Mapping,
  nullText,
  renamed,
  type TransformedBatch,
} from "@rehome/core";
import type { Argument } from "./connection.js";
import { sessionKey } from "./key.js";
import { encodePayload } from "./payload.js";
import type { WriteWay } from "./write-way.js";

/** To RESTORE, an expiry of 0 is none, and a negative one an error; 1 has passed as well. */
export function atLeastOne(expiresAt: number): number {
  return Math.max(1, expiresAt);
}

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

/** Those of the sessions that are `chosen`. Encodes as it is asked, so that what waits to be sent is not held twice. */
export function* encodeBatches(
  sessions: TransformedBatch,
  chosen: readonly number[],
  options: LoadOptions,
  way: WriteWay,
): Generator<Batch> {
  const header = [...encodeHeader(options), way.kind];
  let keys: string[] = [];
  let args: Argument[] = [...header];
  let bytes = 0;
  for (const session of chosen) {
    const size = sessions.size(session);
    if (keys.length === MAX_BATCH_SESSIONS || (keys.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
      yield { keys, args };
      [keys, args, bytes] = [[], [...header], 0];
    }
    bytes += size;
    keys.push(sessionKey(options.mapping.keyPrefix, sessions.id(session)));
    encodeSession(sessions, session, args, way);
  }
  if (keys.length > 0) yield { keys, args };
}

function encodeHeader({ mapping, conflict }: LoadOptions): Argument[] {
  const absent = nullText(mapping);
  const activity = renamed(mapping.renames, "last_activity_at");
  return [conflict, mapping.timestamps, activity, absent === null ? "" : `=${absent}`];
}

function encodeSession(
  sessions: TransformedBatch,
  session: number,
  args: Argument[],
  way: WriteWay,
): void {
  const lastActivityAt = sessions.lastActivityAt(session) ?? "";
  if (!sessions.isWrite(session)) {
    args.push("", lastActivityAt, 0);
    return;
  }
  const expiresAt = sessions.expiresAt(session);
  if (way.kind === "restore") {
    const payload = encodePayload(sessions, session, way.maxListpackEntries);
    args.push(atLeastOne(expiresAt), lastActivityAt, 1, payload);
    return;
  }
  const [from, to] = [sessions.fieldsFrom(session), sessions.fieldsTo(session)];
  args.push(expiresAt, lastActivityAt, 2 * (to - from));
  // One at a time: a session may have more fields than a call can have arguments.
  for (let field = from; field < to; field += 1) {
    args.push(sessions.text(sessions.nameStart(field), sessions.nameEnd(field)));
    args.push(sessions.text(sessions.valueStart(field), sessions.valueEnd(field)));
  }
}

/**
 * Throws before anything is sent. Redis holds no empty hash, so a session without a single field would seem
 * migrated and not be there; and an expiry that the server refuses would cost the session it was meant for.
 */
export function refuseUnwritable(sessions: TransformedBatch): void {
  for (let session = 0; session < sessions.count; session += 1) {
    if (!sessions.isWrite(session)) continue;
    if (sessions.fieldsTo(session) === sessions.fieldsFrom(session))
      throw new TypeError("a session has no field");
    const expiresAt = sessions.expiresAt(session);
    if (!Number.isInteger(expiresAt) || Math.abs(expiresAt) >= 2 ** 62) {
      throw new TypeError("a session's expiry is not a whole number of milliseconds");
    }
  }
}
