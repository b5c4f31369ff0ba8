import { ATTRIBUTES_FIELD, CORE_FIELDS, EXPIRES_AT_FIELD } from "./field.js";
import { fixedFields, type Mapping, nullText, renamed } from "./mapping.js";
import type { Reject, RejectCode } from "./reject.js";
import type { SessionId, SourceSession, TargetSession } from "./session.js";
import {
  INFINITE_FUTURE,
  type Instant,
  isRenderable,
  renderInstant,
  toMilliseconds,
} from "./time.js";

/**
 * What the target must be told about a session: write it; remove an older copy, since it has expired;
 * or nothing, since it is rejected.
 */
export type Transformed =
  | { readonly kind: "write"; readonly session: TargetSession }
  | { readonly kind: "expired"; readonly id: SessionId; readonly lastActivityAt: string | null }
  | { readonly kind: "rejected"; readonly reject: Reject };

/** `now` is the target's clock, in Unix milliseconds: a worker's own clock may be wrong. */
export type Transform = (session: SourceSession, now: number) => Transformed;

/** Pure. The order of the rules is the contract's: expired comes before rejected. */
export function makeTransform(mapping: Mapping): Transform {
  const names = CORE_FIELDS.map((field) => renamed(mapping.renames, field));
  const expiresAtName = renamed(mapping.renames, EXPIRES_AT_FIELD);
  const reserved = new Set(fixedFields(mapping).map((field) => renamed(mapping.renames, field)));
  const [yes, no] = mapping.booleans === "true/false" ? ["true", "false"] : ["1", "0"];
  const absent = nullText(mapping);
  const writeAttributes = makeAttributeWriter(mapping, reserved, absent);

  const renderTime = (instant: Instant | null) =>
    instant === null ? null : renderInstant(instant, mapping.timestamps);

  return (session, now) => {
    const expiresAt = toMilliseconds(session.expiresAt);
    if (expiresAt <= now) {
      return {
        kind: "expired",
        id: session.id,
        lastActivityAt: comparableActivity(session, mapping),
      };
    }
    if (session.expiresAt === INFINITE_FUTURE) {
      return rejected(session, "time-out-of-range", "expires_at is infinite");
    }
    const unwritable = unwritableTime(session, mapping);
    if (unwritable !== null) {
      return rejected(
        session,
        "time-out-of-range",
        `${unwritable} is infinite or outside the years 1 to 9999`,
      );
    }
    if (session.bytes > mapping.maxSessionBytes) {
      return rejected(session, "too-large", `more than ${mapping.maxSessionBytes} bytes`);
    }

    const lastActivityAt = renderTime(session.lastActivityAt);
    const enabled = session.notificationsEnabled;
    const values = [
      session.userId,
      session.username,
      session.email,
      session.ipAddress,
      session.userAgent,
      renderTime(session.createdAt),
      lastActivityAt,
      session.theme,
      session.language,
      enabled === null ? null : enabled ? yes : no,
    ];
    const fields: string[] = [];
    for (let i = 0; i < names.length; i += 1) {
      const value = values[i] ?? absent;
      if (value !== null) fields.push(names[i] as string, value);
    }
    if (mapping.includeExpiresAt) {
      fields.push(expiresAtName, renderInstant(session.expiresAt, mapping.timestamps));
    }
    const refused = writeAttributes(session.attributes, fields);
    if (refused === "field-collision") {
      return rejected(session, refused, "an attribute has the name of another field");
    }
    if (refused !== null) return rejected(session, refused, "its attributes are too long as JSON");
    return {
      kind: "write",
      session: { id: session.id, fields, expiresAt, lastActivityAt, bytes: session.bytes },
    };
  };
}

/** Appends the attributes to `fields`; the code of a reject when that cannot be done. */
type AttributeWriter = (
  attributes: readonly (string | null)[],
  fields: string[],
) => "field-collision" | "too-large" | null;

function makeAttributeWriter(
  mapping: Mapping,
  reserved: ReadonlySet<string>,
  absent: string | null,
): AttributeWriter {
  // The source holds a key once per session, so only a rename can make two attributes meet.
  const mayMeet = Object.keys(mapping.renames).length > 0;

  if (mapping.attributes === "fields") {
    return (attributes, fields) => {
      const seen = mayMeet ? new Set<string>() : null;
      for (let i = 0; i < attributes.length; i += 2) {
        const own = attributes[i] as string;
        const name = mayMeet ? renamed(mapping.renames, own) : own;
        if (reserved.has(name) || seen?.has(name)) return "field-collision";
        seen?.add(name);
        const value = attributes[i + 1] ?? absent;
        if (value !== null) fields.push(name, value);
      }
      return null;
    };
  }

  const field = renamed(mapping.renames, ATTRIBUTES_FIELD);
  return (attributes, fields) => {
    // Written by hand: an object of JavaScript would lose `__proto__` and reorder keys that look like integers.
    const members: [string, string][] = [];
    const seen = mayMeet ? new Set<string>() : null;
    for (let i = 0; i < attributes.length; i += 2) {
      const name = renamed(mapping.renames, attributes[i] as string);
      if (seen?.has(name)) return "field-collision";
      seen?.add(name);
      const value = attributes[i + 1] ?? absent;
      if (value === null) continue;
      members.push([name, value]);
    }
    if (members.length === 0) return null;
    const json = stringify(members);
    if (json === null) return "too-large";
    fields.push(field, json);
    return null;
  };
}

/** Null when the text is longer than a string can be: a control character takes six in JSON. */
function stringify(members: readonly (readonly [string, string])[]): string | null {
  try {
    const texts = members.map(
      ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
    );
    return `{${texts.join(",")}}`;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The first time that would be written as a field and cannot be. */
function unwritableTime(session: SourceSession, mapping: Mapping): string | null {
  if (session.createdAt !== null && !isRenderable(session.createdAt)) return "session_created_at";
  if (session.lastActivityAt !== null && !isRenderable(session.lastActivityAt))
    return "last_activity_at";
  if (mapping.includeExpiresAt && !isRenderable(session.expiresAt)) return EXPIRES_AT_FIELD;
  return null;
}

/** An expired session may have times that cannot be written; such a one counts as the oldest. */
function comparableActivity(session: SourceSession, mapping: Mapping): string | null {
  const at = session.lastActivityAt;
  return at !== null && isRenderable(at) ? renderInstant(at, mapping.timestamps) : null;
}

function rejected(session: SourceSession, code: RejectCode, message: string): Transformed {
  return { kind: "rejected", reject: { id: session.id, code, message } };
}
