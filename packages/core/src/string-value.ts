import { type Codec, makeConvert } from "./codec.js";
import type { Column } from "./column.js";
import { refusal, type ValueWriter } from "./value-writer.js";

const NO_NAME = Buffer.alloc(0);

/** A session of one column: in a transformed batch, the value of one field without a name. */
export function makeStringWriter({ name, slot }: Column, codecs: readonly Codec[]): ValueWriter {
  const convert = makeConvert(codecs);
  const isNull = refusal("unrepresentable", `${name} is null`);
  const isDamaged = refusal("unrepresentable", `${name} cannot be decoded as ${codecs.join(", ")}`);
  return (from, session, into) => {
    const [start, end] = [from.textStart(session, slot), from.textEnd(session, slot)];
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
