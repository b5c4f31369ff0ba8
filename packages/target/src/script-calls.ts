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

/**
 * For the sessions that are `chosen`. Encodes each call when it is asked for, so that what waits to be sent is not held
 * twice. The batch must stay as it is until the last one is sent.
 */
export function* encodeScriptCalls(
  sessions: TransformedBatch,
  chosen: readonly number[],
  { layout, conflict }: LoadOptions,
  way: WriteWay,
): Generator<ScriptCall> {
  const form = valueForm(way, conflict);
  const header = [conflict, form.name, ...encodeRecency(layout)];
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
    const value = sessions.isWrite(session) ? form.encode(sessions, session) : [];
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

function recencyOf(
  sessions: TransformedBatch,
  session: number,
  { recency }: TargetLayout,
): Argument {
  if (recency.by === "field") return sessions.recency(session) ?? "";
  return sessions.expiresAt(session);
}

/** Makes the arguments of a value, in one of the forms that the script knows. */
interface ValueForm {
  readonly name: "restore" | "hset" | "set";
  readonly encode: (sessions: TransformedBatch, session: number) => Argument[];
}

const AS_STRING: ValueForm = { name: "set", encode: encodeString };
const AS_FIELDS: ValueForm = { name: "hset", encode: encodeFields };

/** Under `keep` no hash is replaced, and the one that is there is compared field by field. */
function valueForm(way: WriteWay, conflict: ConflictPolicy): ValueForm {
  if (way.kind === "set") return AS_STRING;
  if (way.kind === "hset" || conflict === "keep") return AS_FIELDS;
  const { maxListpackEntries } = way;
  return {
    name: "restore",
    encode: (sessions, session) => [encodePayload(sessions, session, maxListpackEntries)],
  };
}

function encodeString(sessions: TransformedBatch, session: number): Argument[] {
  const field = sessions.fieldsFrom(session);
  return [sessions.bytes.subarray(sessions.valueStart(field), sessions.valueEnd(field))];
}

function encodeFields(sessions: TransformedBatch, session: number): Argument[] {
  const args: Argument[] = [];
  const to = sessions.fieldsTo(session);
  for (let field = sessions.fieldsFrom(session); field < to; field += 1)
    args.push(sessions.name(field), sessions.value(field));
  return args;
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
