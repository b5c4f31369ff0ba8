import type { ConflictPolicy, TargetLayout, TransformedBatch } from "@rehome/core";
import { atLeastOne } from "./absent-writes.js";
import type { Argument } from "./connection.js";
import { sessionKey } from "./key.js";
import { encodePayload } from "./payload.js";
import type { WriteWay } from "./write-way.js";

export interface LoadOptions {
  readonly layout: TargetLayout;
  readonly conflict: ConflictPolicy;
}

/** Keys and arguments of one call of the load script. */
export interface ScriptCall {
  readonly keys: readonly (string | Buffer)[];
  readonly args: readonly Argument[];
}

/** A call holds the server up for its whole length: a few milliseconds at most. */
const MAX_BATCH_SESSIONS = 200;
const MAX_BATCH_BYTES = 1024 * 1024;

/** For the sessions that are `chosen`. Encodes as it is asked, so that what waits to be sent is not held twice. */
export function* encodeScriptCalls(
  sessions: TransformedBatch,
  chosen: readonly number[],
  { layout, conflict }: LoadOptions,
  way: WriteWay,
): Generator<ScriptCall> {
  const header = [conflict, way.kind, ...encodeRecency(layout)];
  let keys: (string | Buffer)[] = [];
  let args: Argument[] = [...header];
  let bytes = 0;
  for (const session of chosen) {
    const size = sessions.size(session);
    if (keys.length === MAX_BATCH_SESSIONS || (keys.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
      yield { keys, args };
      [keys, args, bytes] = [[], [...header], 0];
    }
    bytes += size;
    keys.push(sessionKey(layout.keys, sessions.id(session)));
    args.push(sessions.isWrite(session) ? atLeastOne(sessions.expiresAt(session)) : "");
    args.push(recencyOf(sessions, session, layout));
    const value = sessions.isWrite(session) ? encodeValue(sessions, session, way) : [];
    // One at a time: a session may have more fields than a call can have arguments.
    args.push(value.length);
    for (const argument of value) args.push(argument);
  }
  if (keys.length > 0) yield { keys, args };
}

function encodeRecency({ recency }: TargetLayout): Argument[] {
  if (recency.by === "expiry") return ["expiry", "", ""];
  const { form, name, absent } = recency;
  return [form, name, absent === null ? "" : `=${absent}`];
}

/** A time beyond what a number of Lua holds is as late, or as early, as any. */
const MAX_EXPIRY = Number.MAX_SAFE_INTEGER;

function recencyOf(
  sessions: TransformedBatch,
  session: number,
  { recency }: TargetLayout,
): Argument {
  if (recency.by === "field") return sessions.recency(session) ?? "";
  return Math.min(Math.max(sessions.expiresAt(session), -MAX_EXPIRY), MAX_EXPIRY);
}

function encodeValue(sessions: TransformedBatch, session: number, way: WriteWay): Argument[] {
  const [from, to] = [sessions.fieldsFrom(session), sessions.fieldsTo(session)];
  switch (way.kind) {
    case "restore":
      return [encodePayload(sessions, session, way.maxListpackEntries)];
    case "set":
      return [sessions.value(from)];
    case "hset": {
      const args: Argument[] = [];
      for (let field = from; field < to; field += 1)
        args.push(sessions.name(field), sessions.value(field));
      return args;
    }
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
      throw new TypeError("a session has no value");
    const expiresAt = sessions.expiresAt(session);
    if (!Number.isInteger(expiresAt) || Math.abs(expiresAt) >= 2 ** 62) {
      throw new TypeError("a session's expiry is not a whole number of milliseconds");
    }
  }
}
