import { isUtf8 } from "node:buffer";
import type { ToJson } from "./json-text.js";
import { type Mapping, renamed } from "./mapping.js";
import type { SourceBatch } from "./source-batch.js";
import { type Refusal, refusal } from "./value-writer.js";

export const NULL_NAME = refusal("unrepresentable", "an attribute's name is null");
export const COLLISION = refusal("field-collision", "an attribute has the name of another field");
const TOO_LONG = refusal("too-large", "its attributes are too long as JSON");
const NO_TEXT = refusal("unrepresentable", "an attribute's name is no text, as JSON needs");
const NO_VALUE = refusal("unrepresentable", "an attribute is not what JSON can hold");

/** How attributes are written as members of a JSON object. */
export interface MemberOptions {
  /** What each name begins with. */
  readonly prefix: string;
  /** Instead of a value that is null, as JSON; null: the member is left out. */
  readonly absent: string | null;
  readonly toJson: ToJson;
  /** Names of other members. */
  readonly reserved: ReadonlySet<string>;
}

/**
 * A session's attributes as `"name":value,…`, sorted by their names: in one order, whatever plan the source's server
 * took, or verifying would find a difference where there is none. Written by hand: an object of JavaScript would lose
 * `__proto__` and reorder names that look like integers.
 */
export function makeMemberWriter(
  { renames }: Mapping,
  { prefix, absent, toJson, reserved }: MemberOptions,
): (from: SourceBatch, session: number) => string | Refusal {
  function read(from: SourceBatch, session: number): string | Refusal {
    const seen = new Set<string>();
    const members: { readonly name: string; readonly value: string }[] = [];
    const last = from.attributesFrom(session + 1);
    for (let i = from.attributesFrom(session); i < last; i += 1) {
      if (from.keyStart(i) === -1) return NULL_NAME;
      const key = from.bytes.subarray(from.keyStart(i), from.keyEnd(i));
      if (!isUtf8(key)) return NO_TEXT;
      const name = renamed(renames, prefix + key.toString());
      if (reserved.has(name) || seen.has(name)) return COLLISION;
      seen.add(name);
      const start = from.valueStart(i);
      const value = start === -1 ? absent : toJson(from.bytes.subarray(start, from.valueEnd(i)));
      if (value !== null) members.push({ name, value });
      else if (start !== -1) return NO_VALUE;
    }
    members.sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
    return members.map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join(",");
  }

  return (from, session) => {
    try {
      return read(from, session);
    } catch (error) {
      // A string has no room for it: a control character takes six characters.
      if (error instanceof RangeError) return TOO_LONG;
      throw error;
    }
  };
}
