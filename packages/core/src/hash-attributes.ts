import { COLLISION, makeMemberWriter, NULL_NAME } from "./attribute-members.js";
import { FieldNames } from "./field-names.js";
import { ATTRIBUTES_FIELD, reservedNames } from "./fixed-fields.js";
import { textToJson } from "./json-text.js";
import { type Mapping, nullText, renamed } from "./mapping.js";
import type { Store } from "./store-shape.js";
import type { ValueWriter } from "./value-writer.js";

/** A session's attributes, as the mapping says: a field each, or one field that holds them as JSON. */
export function makeAttributesWriter(prefix: string, store: Store, mapping: Mapping): ValueWriter {
  return mapping.attributes === "fields"
    ? makeFieldsWriter(prefix, store, mapping)
    : makeObjectWriter(prefix, mapping);
}

/**
 * Two attributes of one name meet by a rename, or where no constraint of the source keeps them apart: a listpack with
 * a field twice would be corrupt.
 */
function makeFieldsWriter(prefix: string, store: Store, mapping: Mapping): ValueWriter {
  const text = nullText(mapping);
  const absent = text === null ? null : Buffer.from(text);
  const names = new FieldNames(prefix, mapping, reservedNames(store, mapping));
  const seen = new Set<string>();
  return (from, session, into) => {
    seen.clear();
    const end = from.attributesFrom(session + 1);
    for (let i = from.attributesFrom(session); i < end; i += 1) {
      if (from.keyStart(i) === -1) return NULL_NAME;
      const name = names.of(from.bytes, from.keyStart(i), from.keyEnd(i));
      if (name.isReserved || seen.has(name.id)) return COLLISION;
      seen.add(name.id);
      const start = from.valueStart(i);
      if (start !== -1) into.addField(name.bytes, from.bytes, start, from.valueEnd(i));
      else if (absent !== null) into.addField(name.bytes, absent, 0, absent.length);
    }
    return null;
  };
}

/** The values are texts, whatever their columns hold: as they would be in fields of their own. */
function makeObjectWriter(prefix: string, mapping: Mapping): ValueWriter {
  const field = Buffer.from(renamed(mapping.renames, ATTRIBUTES_FIELD));
  const text = nullText(mapping);
  const absent = text === null ? null : JSON.stringify(text);
  const reserved = new Set<string>();
  const read = makeMemberWriter(mapping, { prefix, absent, toJson: textToJson, reserved });
  return (from, session, into) => {
    const members = read(from, session);
    if (typeof members !== "string") return members;
    if (members === "") return null;
    const json = Buffer.from(`{${members}}`);
    into.addField(field, json, 0, json.length);
    return null;
  };
}
