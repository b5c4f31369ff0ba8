import { isUtf8 } from "node:buffer";
import { type Mapping, renamed } from "./mapping.js";
import type { SourceBatch } from "./source-batch.js";
import { type Refusal, refusal } from "./value-writer.js";

const NO_NAME = refusal("unrepresentable", "an attribute's name is null");
const COLLISION = refusal("field-collision", "an attribute has the name of another field");
const TOO_LONG = refusal("too-large", "its attributes are too long as JSON");
const NO_TEXT = refusal("unrepresentable", "an attribute is no text, as JSON needs");

/** How attributes are written as members of a JSON object. */
export interface MemberOptions {
  /** What each name begins with. */
  readonly prefix: string;
  /** Instead of a value that is null, as JSON; null: the member is left out. */
  readonly absent: string | null;
  /** A value is JSON already, and no text. */
  readonly isJson: boolean;
  /** Names of other members. */
  readonly reserved: ReadonlySet<string>;
}

/**
 * A session's attributes as `"name":value,…`, sorted by their names: in one order, whatever plan the source's server
 * took, or verifying would find a difference where there is none. Written by hand: an object of JavaScript would lose
 * `__proto__` and reorder names that look like integers.
 */
export function makeMemberWriter(
  mapping: Mapping,
  { prefix, absent, isJson, reserved }: MemberOptions,
): (from: SourceBatch, session: number) => string | Refusal {
  const seen = new Set<string>();
  return (from, session) => {
    const members: Member[] = [];
    seen.clear();
    const last = from.attributesFrom(session + 1);
    for (let i = from.attributesFrom(session); i < last; i += 1) {
      if (from.keyStart(i) === -1) return NO_NAME;
      const name = renamed(mapping.renames, prefix + from.text(from.keyStart(i), from.keyEnd(i)));
      if (reserved.has(name) || seen.has(name)) return COLLISION;
      seen.add(name);
      const [start, end] = [from.valueStart(i), from.valueEnd(i)];
      if (start === -1) {
        if (absent !== null) members.push({ name, value: absent, isJson: true });
        continue;
      }
      if (!isUtf8(from.bytes.subarray(start, end))) return NO_TEXT;
      members.push({ name, value: from.text(start, end), isJson });
    }
    members.sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
    return join(members);
  };
}

interface Member {
  readonly name: string;
  readonly value: string;
  readonly isJson: boolean;
}

/** A control character takes six characters in JSON: the text may be longer than a string can be. */
function join(members: readonly Member[]): string | Refusal {
  try {
    return members
      .map(
        ({ name, value, isJson }) =>
          `${JSON.stringify(name)}:${isJson ? value : JSON.stringify(value)}`,
      )
      .join(",");
  } catch (error) {
    if (error instanceof RangeError) return TOO_LONG;
    throw error;
  }
}
