import { makeMemberWriter } from "./attribute-members.js";
import { FieldNames } from "./field-names.js";
import { ATTRIBUTES_FIELD, type Mapping, nullText, renamed, reservedNames } from "./mapping.js";
import type { Store } from "./store.js";
import { refusal, type ValueWriter } from "./value-writer.js";

const NO_NAME = refusal("unrepresentable", "an attribute's name is null");
const COLLISION = refusal("field-collision", "an attribute has the name of another field");

type Fields = Pick<Store, "sessions" | "lookups" | "order">;

/** A session's attributes, as the mapping says: a field each, or one field that holds them as JSON. */
export function makeAttributesWriter(prefix: string, store: Fields, mapping: Mapping): ValueWriter {
  return mapping.attributes === "fields"
    ? makeFieldsWriter(prefix, store, mapping)
    : makeObjectWriter(prefix, mapping);
}

/**
 * Two attributes of one name meet by a rename, or where no constraint of the source keeps them apart: a listpack with
 * a field twice would be corrupt.
 */
function makeFieldsWriter(prefix: string, store: Fields, mapping: Mapping): ValueWriter {
  const text = nullText(mapping);
  const absent = text === null ? null : Buffer.from(text);
  const names = new FieldNames(prefix, mapping, reservedNames(store, mapping));
  const seen = new Set<string>();
  return (from, session, into) => {
    seen.clear();
    const end = from.attributesFrom(session + 1);
    for (let i = from.attributesFrom(session); i < end; i += 1) {
      if (from.keyStart(i) === -1) return NO_NAME;
      const name = names.of(from.bytes, from.keyStart(i), from.keyEnd(i));
      if (name.reserved || seen.has(name.text)) return COLLISION;
      seen.add(name.text);
      const start = from.valueStart(i);
      if (start !== -1) into.addField(name.bytes, from.bytes, start, from.valueEnd(i));
      else if (absent !== null) into.addField(name.bytes, absent, 0, absent.length);
    }
    return null;
  };
}

function makeObjectWriter(prefix: string, mapping: Mapping): ValueWriter {
  const field = Buffer.from(renamed(mapping.renames, ATTRIBUTES_FIELD));
  const text = nullText(mapping);
  const absent = text === null ? null : JSON.stringify(text);
  const read = makeMemberWriter(mapping, { prefix, absent, isJson: false, reserved: new Set() });
  return (from, session, into) => {
    const members = read(from, session);
    if (typeof members !== "string") return members;
    if (members === "") return null;
    const json = Buffer.from(`{${members}}`);
    into.addField(field, json, 0, json.length);
    return null;
  };
}
