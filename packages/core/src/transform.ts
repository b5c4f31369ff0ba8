import { ATTRIBUTES_FIELD, CORE_FIELDS, EXPIRES_AT_FIELD } from "./field.js";
import { FieldNames } from "./field-names.js";
import { fixedFields, type Mapping, nullText, renamed } from "./mapping.js";
import type { RejectCode } from "./reject.js";
import { type SourceBatch, TEXT, TIME } from "./source-batch.js";
import { isRenderable, MAX_TIME_BYTES, writeTime } from "./time.js";
import type { TransformedBatch } from "./transformed-batch.js";

/**
 * Fills `into` with what becomes of each session, one for one. `now` is the target's clock, in Unix milliseconds:
 * a worker's own clock may be wrong.
 */
export type Transform = (sessions: SourceBatch, now: number, into: TransformedBatch) => void;

/** Texts, times and the flag are written in the order of CORE_FIELDS. */
const CORE_TEXTS = {
  user_id: TEXT.userId,
  username: TEXT.username,
  email: TEXT.email,
  ip_address: TEXT.ipAddress,
  user_agent: TEXT.userAgent,
  theme: TEXT.theme,
  language: TEXT.language,
} as const;

/** Pure but for what it fills. The order of the rules is the contract's: expired comes before rejected. */
export function makeTransform(mapping: Mapping): Transform {
  const nameOf = (field: string) => Buffer.from(renamed(mapping.renames, field));
  const absentText = nullText(mapping);
  const absent = absentText === null ? null : Buffer.from(absentText);
  const writers = CORE_FIELDS.map((field) => makeWriter(field, nameOf(field), mapping, absent));
  if (mapping.includeExpiresAt)
    writers.push(makeTimeWriter(TIME.expiresAt, nameOf(EXPIRES_AT_FIELD), mapping, absent));
  const writeAttributes = makeAttributeWriter(mapping, absent);
  const setActivity = makeActivitySetter(mapping);

  function transformOne(from: SourceBatch, session: number, now: number, into: TransformedBatch) {
    into.setId(from.bytes, from.textStart(session, TEXT.id), from.textEnd(session, TEXT.id));
    const expiresAt = from.milliseconds(session, TIME.expiresAt);
    if (expiresAt <= now) {
      setActivity(from, session, into);
      return into.expire();
    }
    if (expiresAt === Infinity)
      return reject(from, session, into, "time-out-of-range", "expires_at is infinite");
    const unwritable = unwritableTime(from, session, mapping);
    if (unwritable !== null)
      return reject(
        from,
        session,
        into,
        "time-out-of-range",
        `${unwritable} is infinite or outside the years 1 to 9999`,
      );
    if (from.size(session) > mapping.maxSessionBytes)
      return reject(from, session, into, "too-large", `more than ${mapping.maxSessionBytes} bytes`);

    for (const write of writers) write(from, session, into);
    switch (writeAttributes(from, session, into)) {
      case null:
        if (into.hasFields) return into.write(expiresAt);
        // Redis holds no empty hash: it would seem migrated and not be there.
        return reject(from, session, into, "unrepresentable", "it has no field but null ones");
      case "unrepresentable":
        return reject(from, session, into, "unrepresentable", "an attribute's name is null");
      case "field-collision":
        return reject(
          from,
          session,
          into,
          "field-collision",
          "an attribute has the name of another field",
        );
      case "too-large":
        return reject(from, session, into, "too-large", "its attributes are too long as JSON");
    }
  }

  return (sessions, now, into) => {
    into.clear();
    for (let i = 0; i < sessions.count; i += 1) transformOne(sessions, i, now, into);
  };
}

function reject(
  from: SourceBatch,
  session: number,
  into: TransformedBatch,
  code: RejectCode,
  message: string,
): void {
  into.reject({ id: from.id(session), code, message });
}

/** Writes one field of a session, or none where it is null. */
type Writer = (from: SourceBatch, session: number, into: TransformedBatch) => void;

function makeWriter(
  field: (typeof CORE_FIELDS)[number],
  name: Buffer,
  mapping: Mapping,
  absent: Buffer | null,
): Writer {
  if (field === "session_created_at") return makeTimeWriter(TIME.createdAt, name, mapping, absent);
  if (field === "last_activity_at")
    return makeTimeWriter(TIME.lastActivityAt, name, mapping, absent);
  if (field === "notifications_enabled") return makeFlagWriter(name, mapping, absent);
  return makeTextWriter(CORE_TEXTS[field], name, absent);
}

function makeTextWriter(text: number, name: Buffer, absent: Buffer | null): Writer {
  return (from, session, into) => {
    const start = from.textStart(session, text);
    if (start !== -1) into.addField(name, from.bytes, start, from.textEnd(session, text));
    else if (absent !== null) into.addField(name, absent, 0, absent.length);
  };
}

function makeTimeWriter(
  time: number,
  name: Buffer,
  { timestamps }: Mapping,
  absent: Buffer | null,
): Writer {
  const rendered = Buffer.alloc(MAX_TIME_BYTES);
  return (from, session, into) => {
    const milliseconds = from.milliseconds(session, time);
    if (Number.isNaN(milliseconds)) {
      if (absent !== null) into.addField(name, absent, 0, absent.length);
      return;
    }
    const end = writeTime(rendered, 0, milliseconds, from.microseconds(session, time), timestamps);
    into.addField(name, rendered, 0, end);
    if (time === TIME.lastActivityAt) into.setActivity(rendered, 0, end);
  };
}

/** Of an expired session, which has no fields: one that cannot be written counts as the oldest. */
function makeActivitySetter({ timestamps }: Mapping): Writer {
  const rendered = Buffer.alloc(MAX_TIME_BYTES);
  return (from, session, into) => {
    const milliseconds = from.milliseconds(session, TIME.lastActivityAt);
    if (!isRenderable(milliseconds)) return;
    const microseconds = from.microseconds(session, TIME.lastActivityAt);
    const end = writeTime(rendered, 0, milliseconds, microseconds, timestamps);
    into.setActivity(rendered, 0, end);
  };
}

function makeFlagWriter(name: Buffer, { booleans }: Mapping, absent: Buffer | null): Writer {
  const [yes, no] = booleans.split("/").map((text) => Buffer.from(text)) as [Buffer, Buffer];
  return (from, session, into) => {
    const enabled = from.notificationsEnabled(session);
    const value = enabled === null ? absent : enabled ? yes : no;
    if (value !== null) into.addField(name, value, 0, value.length);
  };
}

/**
 * Writes a session's attributes; the code of a reject when that cannot be done. Two of one name meet by a rename, or
 * where no constraint of the source keeps them apart: a listpack with a field twice would be corrupt.
 */
type AttributeWriter = (
  from: SourceBatch,
  session: number,
  into: TransformedBatch,
) => "field-collision" | "too-large" | "unrepresentable" | null;

function makeAttributeWriter(mapping: Mapping, absent: Buffer | null): AttributeWriter {
  return mapping.attributes === "fields"
    ? makeFieldsWriter(mapping, absent)
    : makeJsonWriter(mapping, absent);
}

function makeFieldsWriter(mapping: Mapping, absent: Buffer | null): AttributeWriter {
  const reserved = new Set(fixedFields(mapping).map((field) => renamed(mapping.renames, field)));
  const names = new FieldNames(mapping, reserved);
  const seen = new Set<string>();
  return (from, session, into) => {
    seen.clear();
    const end = from.attributesFrom(session + 1);
    for (let i = from.attributesFrom(session); i < end; i += 1) {
      if (from.keyStart(i) === -1) return "unrepresentable";
      const name = names.of(from.bytes, from.keyStart(i), from.keyEnd(i));
      if (name.reserved || seen.has(name.text)) return "field-collision";
      seen.add(name.text);
      const start = from.valueStart(i);
      if (start !== -1) into.addField(name.bytes, from.bytes, start, from.valueEnd(i));
      else if (absent !== null) into.addField(name.bytes, absent, 0, absent.length);
    }
    return null;
  };
}

function makeJsonWriter(mapping: Mapping, absent: Buffer | null): AttributeWriter {
  const field = Buffer.from(renamed(mapping.renames, ATTRIBUTES_FIELD));
  const absentText = absent?.toString() ?? null;
  const seen = new Set<string>();
  return (from, session, into) => {
    // Written by hand: an object of JavaScript would lose `__proto__` and reorder keys that look like integers.
    const members: [string, string][] = [];
    seen.clear();
    const end = from.attributesFrom(session + 1);
    for (let i = from.attributesFrom(session); i < end; i += 1) {
      if (from.keyStart(i) === -1) return "unrepresentable";
      const name = renamed(mapping.renames, from.text(from.keyStart(i), from.keyEnd(i)));
      if (seen.has(name)) return "field-collision";
      seen.add(name);
      const start = from.valueStart(i);
      const value = start === -1 ? absentText : from.text(start, from.valueEnd(i));
      if (value !== null) members.push([name, value]);
    }
    if (members.length === 0) return null;
    // In one order, whatever plan the source's server took: or verifying would find a difference where none is.
    members.sort(([one], [other]) => (one < other ? -1 : 1));
    const json = stringify(members);
    if (json === null) return "too-large";
    into.addField(field, json, 0, json.length);
    return null;
  };
}

/** Null when the text is longer than a string can be: a control character takes six in JSON. */
function stringify(members: readonly (readonly [string, string])[]): Buffer | null {
  try {
    const texts = members.map(
      ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
    );
    return Buffer.from(`{${texts.join(",")}}`);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The first time that would be written as a field and cannot be. */
function unwritableTime(from: SourceBatch, session: number, mapping: Mapping): string | null {
  if (!isWritable(from.milliseconds(session, TIME.createdAt))) return "session_created_at";
  if (!isWritable(from.milliseconds(session, TIME.lastActivityAt))) return "last_activity_at";
  if (mapping.includeExpiresAt && !isWritable(from.milliseconds(session, TIME.expiresAt)))
    return EXPIRES_AT_FIELD;
  return null;
}

function isWritable(milliseconds: number): boolean {
  return Number.isNaN(milliseconds) || isRenderable(milliseconds);
}
