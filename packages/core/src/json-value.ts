import { makeMemberWriter } from "./attribute-members.js";
import { type Column, columnOf, type ResolvedStore } from "./column.js";
import type { SessionExpiry } from "./expiry.js";
import { type Field, fieldsOf } from "./field.js";
import { ATTRIBUTES_FIELD, EXPIRES_AT_FIELD, reservedNames } from "./fixed-fields.js";
import { makeToJson } from "./json-text.js";
import { type Mapping, renamed } from "./mapping.js";
import { partsOf } from "./nested-name.js";
import type { SourceBatch } from "./source-batch.js";
import { MAX_TIME_BYTES, type TimestampForm, writeTime } from "./time.js";
import { NO_NAME, type Refusal, refusal, type ValueWriter } from "./value-writer.js";

const TOO_LONG = refusal("too-large", "it is too long as JSON");

/** A piece of the object, as JSON; empty where there is nothing to write. */
type JsonWriter = (from: SourceBatch, session: number) => string | Refusal;

/**
 * A session as one JSON object in a string: numbers, flags, JSON and null as such, everything else as text. A dot in a
 * field's name nests. Every field of the store is there, and then its attributes.
 */
export function makeJsonWriter(
  store: ResolvedStore,
  mapping: Mapping,
  expiry: SessionExpiry,
): ValueWriter {
  const pathOf = (field: string) => partsOf(renamed(mapping.renames, field));
  const fields = fieldsOf(store).map((field) => ({
    path: pathOf(field.name),
    write: makeFieldWriter(field, columnOf(store, field.table, field.column), mapping.timestamps),
  }));
  if (mapping.includeExpiresAt)
    fields.push({ path: pathOf(EXPIRES_AT_FIELD), write: makeExpiryWriter(expiry, mapping) });
  const attributes = makeAttributesWriter(store, mapping);
  if (mapping.attributes === "json")
    fields.push({ path: pathOf(ATTRIBUTES_FIELD), write: wrap(attributes) });
  const members = [treeOf(fields), ...(mapping.attributes === "fields" ? [attributes] : [])];

  return (from, session, into) => {
    try {
      const object = joinAll(members, from, session);
      if (typeof object !== "string") return object;
      const json = Buffer.from(`{${object}}`);
      into.addField(NO_NAME, json, 0, json.length);
      return null;
    } catch (error) {
      // A string has no room for it: a control character takes six characters.
      if (error instanceof RangeError) return TOO_LONG;
      throw error;
    }
  };
}

interface Placed {
  readonly path: readonly string[];
  readonly write: JsonWriter;
}

/** The members of an object, `"name":value,…`; fields whose paths begin alike are members of one of them. */
function treeOf(fields: readonly Placed[]): JsonWriter {
  const names = [...new Set(fields.map(({ path }) => path[0] ?? ""))];
  const members = names.map((name): JsonWriter => {
    const within = fields.filter(({ path }) => path[0] === name);
    const leaf = within.find(({ path }) => path.length === 1);
    const inner = within.map(({ path, write }) => ({ path: path.slice(1), write }));
    return named(name, leaf?.write ?? wrap(treeOf(inner)));
  });
  return (from, session) => joinAll(members, from, session);
}

function joinAll(
  writers: readonly JsonWriter[],
  from: SourceBatch,
  session: number,
): string | Refusal {
  const texts: string[] = [];
  for (const write of writers) {
    const text = write(from, session);
    if (typeof text !== "string") return text;
    if (text !== "") texts.push(text);
  }
  return texts.join(",");
}

function named(name: string, write: JsonWriter): JsonWriter {
  const before = `${JSON.stringify(name)}:`;
  return (from, session) => {
    const value = write(from, session);
    return typeof value === "string" && value !== "" ? before + value : value;
  };
}

/** An object without members is left out. */
function wrap(members: JsonWriter): JsonWriter {
  return (from, session) => {
    const text = members(from, session);
    return typeof text === "string" && text !== "" ? `{${text}}` : text;
  };
}

function makeFieldWriter(field: Field, column: Column, form: TimestampForm): JsonWriter {
  const { slot, kind } = column;
  if (kind === "time") return makeTimeWriter(slot, form);
  if (kind === "flag") return makeFlagWriter(slot);
  const toJson = makeToJson(kind, field.codec);
  const why =
    field.codec.length === 0
      ? "is not what JSON can hold"
      : `cannot be decoded as ${field.codec.join(", ")}`;
  const damaged = refusal("unrepresentable", `${field.name} ${why}`);
  return (from, session) => {
    const start = from.textStart(session, slot);
    if (start === -1) return "null";
    return toJson(from.bytes.subarray(start, from.textEnd(session, slot))) ?? damaged;
  };
}

function makeFlagWriter(slot: number): JsonWriter {
  return (from, session) => {
    const flag = from.flag(session, slot);
    return flag === null ? "null" : flag ? "true" : "false";
  };
}

function makeTimeWriter(slot: number, form: TimestampForm): JsonWriter {
  return (from, session) => {
    const milliseconds = from.milliseconds(session, slot);
    if (Number.isNaN(milliseconds)) return "null";
    return formatTime(milliseconds, from.microseconds(session, slot), form);
  };
}

function makeExpiryWriter(expiry: SessionExpiry, { timestamps }: Mapping): JsonWriter {
  return (from, session) =>
    formatTime(expiry.milliseconds(from, session), expiry.microseconds(from, session), timestamps);
}

function formatTime(milliseconds: number, microseconds: number, form: TimestampForm): string {
  const rendered = Buffer.alloc(MAX_TIME_BYTES);
  const end = writeTime(rendered, 0, milliseconds, microseconds, form);
  const text = rendered.toString("latin1", 0, end);
  return form === "iso" ? `"${text}"` : text;
}

/** The attributes as members. */
function makeAttributesWriter(store: ResolvedStore, mapping: Mapping): JsonWriter {
  const { attributes, attributeValue } = store;
  if (attributes === null || attributeValue === null) return () => "";
  const { kind } = attributeValue;
  if (kind === "time" || kind === "flag") throw new TypeError(`attributes of kind ${kind}`);
  return makeMemberWriter(mapping, {
    prefix: attributes.prefix,
    absent: "null",
    toJson: makeToJson(kind, []),
    reserved: mapping.attributes === "fields" ? reservedNames(store, mapping) : new Set(),
  });
}
