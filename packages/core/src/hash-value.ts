import { makeConvert } from "./codec.js";
import { type Column, columnOf, type ResolvedStore } from "./column.js";
import type { SessionExpiry } from "./expiry.js";
import { type Field, fieldsOf, recencyField } from "./field.js";
import { EXPIRES_AT_FIELD } from "./fixed-fields.js";
import { makeAttributesWriter } from "./hash-attributes.js";
import { type Mapping, nullText, renamed } from "./mapping.js";
import { MAX_TIME_BYTES, writeTime } from "./time.js";
import type { TransformedBatch } from "./transformed-batch.js";
import { refusal, type ValueWriter } from "./value-writer.js";

/** Redis holds no empty hash: it would seem migrated and not be there. */
const NO_FIELD = refusal("unrepresentable", "it has no field but null ones");

/** A session as a hash: the fields of the store in their order, then its attributes. */
export function makeHashWriter(
  store: ResolvedStore,
  mapping: Mapping,
  expiry: SessionExpiry,
): ValueWriter {
  const recency = recencyField(store);
  const writers = fieldsOf(store).map((field) =>
    makeFieldWriter(store, mapping, field, field.name === recency?.name),
  );
  if (mapping.includeExpiresAt) writers.push(makeExpiryWriter(expiry, mapping));
  if (store.attributes !== null)
    writers.push(makeAttributesWriter(store.attributes.prefix, store, mapping));

  return (from, session, into) => {
    for (const write of writers) {
      const reason = write(from, session, into);
      if (reason !== null) return reason;
    }
    return into.hasFields ? null : NO_FIELD;
  };
}

/** `isRecency`: what is written is what the policy `newer` compares. */
function makeFieldWriter(
  store: ResolvedStore,
  mapping: Mapping,
  field: Field,
  isRecency: boolean,
): ValueWriter {
  const column = columnOf(store, field.table, field.column);
  const name = Buffer.from(renamed(mapping.renames, field.name));
  const writeNull = makeNullWriter(name, mapping);
  switch (column.kind) {
    case "time":
      return makeTimeWriter(name, column, mapping, isRecency, writeNull);
    case "flag":
      return makeFlagWriter(name, column, mapping, writeNull);
    case "text":
    case "number":
    case "bytes":
    case "json":
      return makeTextWriter(name, column, field, isRecency, writeNull);
  }
}

type NullWriter = (into: TransformedBatch) => void;

function makeNullWriter(name: Buffer, mapping: Mapping): NullWriter {
  const text = nullText(mapping);
  if (text === null) return () => undefined;
  const value = Buffer.from(text);
  return (into) => into.addField(name, value, 0, value.length);
}

function makeTextWriter(
  name: Buffer,
  { slot }: Column,
  field: Field,
  isRecency: boolean,
  writeNull: NullWriter,
): ValueWriter {
  const convert = makeConvert(field.codec);
  const damaged = refusal(
    "unrepresentable",
    `${field.name} cannot be decoded as ${field.codec.join(", ")}`,
  );
  return (from, session, into) => {
    const start = from.textStart(session, slot);
    const end = from.textEnd(session, slot);
    if (start === -1) {
      writeNull(into);
    } else if (convert === null) {
      into.addField(name, from.bytes, start, end);
      if (isRecency) into.setRecencyToLastField();
    } else {
      const value = convert(from.bytes.subarray(start, end));
      if (value === null) return damaged;
      into.addField(name, value, 0, value.length);
    }
    return null;
  };
}

function makeTimeWriter(
  name: Buffer,
  { slot }: Column,
  { timestamps }: Mapping,
  isRecency: boolean,
  writeNull: NullWriter,
): ValueWriter {
  const rendered = Buffer.alloc(MAX_TIME_BYTES);
  return (from, session, into) => {
    const milliseconds = from.milliseconds(session, slot);
    if (Number.isNaN(milliseconds)) {
      writeNull(into);
      return null;
    }
    const microseconds = from.microseconds(session, slot);
    const end = writeTime(rendered, 0, milliseconds, microseconds, timestamps);
    into.addField(name, rendered, 0, end);
    if (isRecency) into.setRecencyToLastField();
    return null;
  };
}

function makeFlagWriter(
  name: Buffer,
  { slot }: Column,
  { booleans }: Mapping,
  writeNull: NullWriter,
): ValueWriter {
  const [yes, no] = booleans.split("/").map((text) => Buffer.from(text)) as [Buffer, Buffer];
  return (from, session, into) => {
    const flag = from.flag(session, slot);
    if (flag === null) {
      writeNull(into);
      return null;
    }
    const value = flag ? yes : no;
    into.addField(name, value, 0, value.length);
    return null;
  };
}

/** The expiry as a field as well. */
function makeExpiryWriter(expiry: SessionExpiry, { timestamps, renames }: Mapping): ValueWriter {
  const name = Buffer.from(renamed(renames, EXPIRES_AT_FIELD));
  const rendered = Buffer.alloc(MAX_TIME_BYTES);
  return (from, session, into) => {
    const milliseconds = expiry.milliseconds(from, session);
    const microseconds = expiry.microseconds(from, session);
    const end = writeTime(rendered, 0, milliseconds, microseconds, timestamps);
    into.addField(name, rendered, 0, end);
    return null;
  };
}
