import { isUtf8 } from "node:buffer";
import { makeMemberWriter } from "./attribute-members.js";
import { makeConvert } from "./codec.js";
import { type Column, columnOf, type ResolvedStore } from "./column.js";
import type { SessionExpiry } from "./expiry.js";
import {
  ATTRIBUTES_FIELD,
  EXPIRES_AT_FIELD,
  type Mapping,
  renamed,
  reservedNames,
} from "./mapping.js";
import type { SourceBatch } from "./source-batch.js";
import { type Field, fieldsOf } from "./store.js";
import { MAX_TIME_BYTES, type TimestampForm, writeTime } from "./time.js";
import { type Refusal, refusal, type ValueWriter } from "./value-writer.js";

const NO_NAME = Buffer.alloc(0);
const TOO_LONG = refusal("too-large", "it is too long as JSON");

/** One value of the object, as JSON. */
type JsonWriter = (from: SourceBatch, session: number) => string | Refusal;

/**
 * A session as one JSON object in a string: numbers, flags, JSON and null as such, everything else as text. A dot in a
 * field's name nests. Every field is there, so what lies between the values is always the same.
 */
export function makeJsonWriter(
  store: ResolvedStore,
  mapping: Mapping,
  expiry: SessionExpiry,
): ValueWriter {
  const fields = fieldsOf(store).map((field) => ({
    path: renamed(mapping.renames, field.name).split("."),
    write: makeFieldWriter(field, columnOf(store, field.table, field.column), mapping.timestamps),
  }));
  if (mapping.includeExpiresAt) {
    const path = [renamed(mapping.renames, EXPIRES_AT_FIELD)];
    fields.push({ path, write: makeExpiryWriter(expiry, mapping.timestamps) });
  }
  const tree = treeOf(fields);
  const attributes = makeAttributesWriter(store, mapping);
  return (from, session, into) => {
    try {
      const members = [tree(from, session), attributes(from, session)];
      for (const part of members) if (typeof part !== "string") return part;
      const json = Buffer.from(`{${members.filter((part) => part !== "").join(",")}}`);
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
  const members = names.map((name): readonly [string, JsonWriter] => {
    const within = fields.filter(({ path }) => path[0] === name);
    const leaf = within.find(({ path }) => path.length === 1);
    if (leaf !== undefined) return [`${JSON.stringify(name)}:`, leaf.write];
    const inner = treeOf(within.map(({ path, write }) => ({ path: path.slice(1), write })));
    return [`${JSON.stringify(name)}:`, wrap(inner)];
  });
  return (from, session) => {
    const texts: string[] = [];
    for (const [name, write] of members) {
      const value = write(from, session);
      if (typeof value !== "string") return value;
      texts.push(name + value);
    }
    return texts.join(",");
  };
}

function wrap(members: JsonWriter): JsonWriter {
  return (from, session) => {
    const text = members(from, session);
    return typeof text === "string" ? `{${text}}` : text;
  };
}

function makeFieldWriter(field: Field, column: Column, form: TimestampForm): JsonWriter {
  const { slot, kind } = column;
  if (kind === "time") return makeTimeWriter(slot, form);
  if (kind === "flag") {
    return (from, session) => {
      const flag = from.flag(session, slot);
      return flag === null ? "null" : flag ? "true" : "false";
    };
  }
  const convert = makeConvert(field.codec);
  const damaged = refusal(
    "unrepresentable",
    convert === null
      ? `${field.name} is not what JSON can hold`
      : `${field.name} cannot be decoded as ${field.codec.join(", ")}`,
  );
  const isRaw = (kind === "number" || kind === "json") && convert === null;
  return (from, session) => {
    const start = from.textStart(session, slot);
    if (start === -1) return "null";
    const bytes = from.bytes.subarray(start, from.textEnd(session, slot));
    const value = convert === null ? bytes : convert(bytes);
    if (value === null || !isUtf8(value)) return damaged;
    const text = value.toString();
    if (!isRaw) return JSON.stringify(text);
    return kind === "json" || isJsonNumber(text) ? text : damaged;
  };
}

/** SQL has numbers that JSON has not: NaN and the infinities. */
function isJsonNumber(text: string): boolean {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);
}

function makeTimeWriter(slot: number, form: TimestampForm): JsonWriter {
  return (from, session) => {
    const milliseconds = from.milliseconds(session, slot);
    if (Number.isNaN(milliseconds)) return "null";
    return formatTime(milliseconds, from.microseconds(session, slot), form);
  };
}

function makeExpiryWriter(expiry: SessionExpiry, form: TimestampForm): JsonWriter {
  return (from, session) =>
    formatTime(expiry.milliseconds(from, session), expiry.microseconds(from, session), form);
}

function formatTime(milliseconds: number, microseconds: number, form: TimestampForm): string {
  const rendered = Buffer.alloc(MAX_TIME_BYTES);
  const end = writeTime(rendered, 0, milliseconds, microseconds, form);
  const text = rendered.toString("latin1", 0, end);
  return form === "iso" ? `"${text}"` : text;
}

function makeAttributesWriter(store: ResolvedStore, mapping: Mapping): JsonWriter {
  if (store.attributes === null) return () => "";
  const kind = store.attributeValue?.kind;
  const write = makeMemberWriter(mapping, {
    prefix: store.attributes.prefix,
    absent: "null",
    isJson: kind === "json",
    reserved: mapping.attributes === "fields" ? topNames(store, mapping) : new Set(),
  });
  if (mapping.attributes === "fields") return write;
  const name = JSON.stringify(renamed(mapping.renames, ATTRIBUTES_FIELD));
  return (from, session) => {
    const members = write(from, session);
    return typeof members !== "string" || members === "" ? members : `${name}:{${members}}`;
  };
}

/** No attribute may be called like a member of the object itself. */
function topNames(store: ResolvedStore, mapping: Mapping): Set<string> {
  return new Set([...reservedNames(store, mapping)].map((name) => name.split(".")[0] ?? name));
}
