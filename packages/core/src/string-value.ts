import { type Codec, makeConvert } from "./codec.js";
import type { Column } from "./column.js";
import { NO_NAME, refusal, type ValueWriter } from "./value-writer.js";

/** A session of one column. */
export function makeStringWriter(
  { name, slot, kind }: Column,
  codecs: readonly Codec[],
): ValueWriter {
  if (kind === "time" || kind === "flag") throw new TypeError(`a value of kind ${kind}`);
  const convert = makeConvert(codecs);
  const isNull = refusal("unrepresentable", `${name} is null`);
  const isDamaged = refusal("unrepresentable", `${name} cannot be decoded as ${codecs.join(", ")}`);
  return (from, session, into) => {
    const start = from.textStart(session, slot);
    const end = from.textEnd(session, slot);
    if (start === -1) return isNull;
    if (convert === null) {
      into.addField(NO_NAME, from.bytes, start, end);
      return null;
    }
    const value = convert(from.bytes.subarray(start, end));
    if (value === null) return isDamaged;
    into.addField(NO_NAME, value, 0, value.length);
    return null;
  };
}
