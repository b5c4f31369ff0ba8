import { columnOf, type ResolvedStore } from "./column.js";
import { makeExpiry } from "./expiry.js";
import { fieldsOf } from "./field.js";
import { EXPIRES_AT_FIELD } from "./fixed-fields.js";
import { makeHashWriter } from "./hash-value.js";
import { makeJsonWriter } from "./json-value.js";
import type { Mapping } from "./mapping.js";
import { makeRecencySetter } from "./recency.js";
import { ID_SLOT, type SourceBatch } from "./source-batch.js";
import { makeStringWriter } from "./string-value.js";
import { isRenderable } from "./time.js";
import type { TransformedBatch } from "./transformed-batch.js";
import { type Refusal, refusal, type ValueWriter } from "./value-writer.js";

/**
 * Fills `into` with what becomes of each session, one for one. `now` is the target's clock, in Unix milliseconds:
 * a worker's own clock may be wrong.
 */
export type Transform = (sessions: SourceBatch, now: number, into: TransformedBatch) => void;

/** What a run says of its sessions. */
export interface TransformOptions {
  readonly store: ResolvedStore;
  readonly mapping: Mapping;
  /** When the run started, in Unix milliseconds by the target's clock. */
  readonly startedAt: number;
}

/** Pure but for what it fills. The first rule that fits decides: expired comes before rejected. */
export function makeTransform({ store, mapping, startedAt }: TransformOptions): Transform {
  const expiry = makeExpiry(store, startedAt);
  const write = makeValueWriter(store, mapping, expiry);
  const setRecency = makeRecencySetter(store, mapping);
  const holdsNothing = makeEmptyCheck(store);
  const isForeign = makeForeignCheck(store, mapping);
  const refuse = makeRefusal(store, mapping);

  function transformOne(from: SourceBatch, session: number, now: number, into: TransformedBatch) {
    into.setId(from.bytes, from.textStart(session, ID_SLOT), from.textEnd(session, ID_SLOT));
    const expiresAt = expiry.milliseconds(from, session);
    const isExpired = expiresAt <= now || holdsNothing(from, session);
    const isShared = from.isShared(session);
    if (!isShared && isForeign(from, session))
      return into.reject({ id: from.id(session), ...FOREIGN });
    if (isExpired && !isShared) {
      setRecency(from, session, into);
      // One that holds nothing may have no expiry either: it counts as the oldest.
      return into.expire(Number.isNaN(expiresAt) ? -Infinity : expiresAt);
    }
    const reason = refuse(from, session, expiresAt) ?? write(from, session, into);
    if (reason === null) return into.write(expiresAt);
    into.reject({ id: from.id(session), ...reason });
  }

  return (sessions, now, into) => {
    into.clear();
    for (let i = 0; i < sessions.count; i += 1) transformOne(sessions, i, now, into);
  };
}

function makeValueWriter(
  store: ResolvedStore,
  mapping: Mapping,
  expiry: ReturnType<typeof makeExpiry>,
): ValueWriter {
  switch (store.value.form) {
    case "hash":
      return makeHashWriter(store, mapping, expiry);
    case "json":
      return makeJsonWriter(store, mapping, expiry);
    case "string":
      return makeStringWriter(columnOf(store, 0, store.value.string), store.value.codec);
  }
}

/** Whether a session's value is one of no bytes that stands for no session at all. */
function makeEmptyCheck(store: ResolvedStore): (from: SourceBatch, session: number) => boolean {
  const { value } = store;
  if (value.form !== "string" || value.empty === "value") return () => false;
  const { slot } = columnOf(store, 0, value.string);
  return (from, session) => from.textStart(session, slot) === from.textEnd(session, slot);
}

/** Why a session that lives cannot be written, as far as can be said before its value is. */
function makeRefusal(
  store: ResolvedStore,
  mapping: Mapping,
): (from: SourceBatch, session: number, expiresAt: number) => Refusal | null {
  const { column } = store.sessions.expires;
  const shared = refusal("unrepresentable", "several rows of the source have this id");
  const ambiguous = refusal("unrepresentable", "a lookup holds several rows for it");
  const missing = refusal("time-out-of-range", `${column} is null`);
  const infinite = refusal("time-out-of-range", `${column} is infinite`);
  const large = refusal("too-large", `more than ${mapping.maxSessionBytes} bytes`);
  const times = fieldsOf(store).flatMap((field) => {
    const { kind, slot } = columnOf(store, field.table, field.column);
    return kind === "time" ? [{ slot, refusal: outOfRange(field.name) }] : [];
  });
  const writesExpiry = mapping.includeExpiresAt && store.value.form !== "string";
  const ownExpiry = writesExpiry ? outOfRange(EXPIRES_AT_FIELD) : null;

  return (from, session, expiresAt) => {
    if (from.isShared(session)) return shared;
    if (from.isAmbiguous(session)) return ambiguous;
    if (Number.isNaN(expiresAt)) return missing;
    if (expiresAt === Infinity) return infinite;
    for (const time of times)
      if (!isWritable(from.milliseconds(session, time.slot))) return time.refusal;
    if (ownExpiry !== null && !isRenderable(expiresAt)) return ownExpiry;
    return from.size(session) > mapping.maxSessionBytes ? large : null;
  };
}

const FOREIGN = refusal("unrepresentable", "its id does not begin with the key prefix");

/**
 * Whether a session's key, which is its id, would lie outside the prefix. Expired or not, what is held under such a key
 * is none of the run's.
 */
function makeForeignCheck(
  store: ResolvedStore,
  mapping: Mapping,
): (from: SourceBatch, session: number) => boolean {
  if (!store.sessions.idHoldsPrefix) return () => false;
  const prefix = Buffer.from(mapping.keyPrefix);
  return (from, session) => {
    const start = from.textStart(session, ID_SLOT);
    const end = Math.min(from.textEnd(session, ID_SLOT), start + prefix.length);
    return !prefix.equals(from.bytes.subarray(start, end));
  };
}

function outOfRange(field: string): Refusal {
  return refusal("time-out-of-range", `${field} is infinite or outside the years 1 to 9999`);
}

function isWritable(milliseconds: number): boolean {
  return Number.isNaN(milliseconds) || isRenderable(milliseconds);
}
