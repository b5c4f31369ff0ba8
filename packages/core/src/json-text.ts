import { isUtf8 } from "node:buffer";
import { type Codec, makeConvert } from "./codec.js";
import type { Kind } from "./column.js";

/** A value as JSON; null where JSON cannot hold it. */
export type ToJson = (bytes: Buffer) => string | null;

/** What a column holds as JSON: numbers and JSON as such, everything else as text. */
export function makeToJson(kind: Exclude<Kind, "time" | "flag">, codecs: readonly Codec[]): ToJson {
  const convert = makeConvert(codecs);
  if (convert !== null) {
    return (bytes) => {
      const value = convert(bytes);
      return value === null ? null : textToJson(value);
    };
  }
  switch (kind) {
    case "text":
    case "bytes":
      return textToJson;
    case "number":
      return numberToJson;
    case "json":
      return (bytes) => (isUtf8(bytes) ? bytes.toString() : null);
  }
}

/** Throws RangeError where a string has no room for it: a control character takes six characters. */
export function textToJson(bytes: Buffer): string | null {
  return isUtf8(bytes) ? JSON.stringify(bytes.toString()) : null;
}

/** SQL has numbers that JSON has not: NaN and the infinities. */
function numberToJson(bytes: Buffer): string | null {
  const text = bytes.toString("latin1");
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? text : null;
}
