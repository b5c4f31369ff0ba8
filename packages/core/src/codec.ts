/** How the bytes of a column become the bytes of a value. */
export const CODECS = [
  "text",
  "bytes",
  "base64",
  "hex",
  "php-string",
  "java-long",
  "java-integer",
] as const;
export type Codec = (typeof CODECS)[number];

/** Null where the bytes are none that this codec can decode. */
type Convert = (bytes: Buffer) => Buffer | null;

const CONVERT: Readonly<Record<Codec, Convert>> = {
  text: (bytes) => bytes,
  bytes: (bytes) => bytes,
  base64: (bytes) => decode(bytes, "base64", /^[A-Za-z0-9+/]*={0,2}$/, 4),
  hex: (bytes) => decode(bytes, "hex", /^[0-9A-Fa-f]*$/, 2),
  "php-string": writePhpString,
  "java-long": (bytes) => writeJavaNumber(bytes, JAVA_LONG, 8),
  "java-integer": (bytes) => writeJavaNumber(bytes, JAVA_INTEGER, 4),
};

/** One codec after the other. Null where there is nothing to do. */
export function makeConvert(codecs: readonly Codec[]): Convert | null {
  const steps = codecs.filter((codec) => codec !== "text" && codec !== "bytes");
  if (steps.length === 0) return null;
  return (bytes) =>
    steps.reduce<Buffer | null>((value, codec) => value && CONVERT[codec](value), bytes);
}

/** Node's own decoders skip what they do not know; a value that is damaged must not pass for another one. */
function decode(
  bytes: Buffer,
  encoding: "base64" | "hex",
  form: RegExp,
  groupSize: number,
): Buffer | null {
  const text = bytes.toString("latin1");
  return text.length % groupSize === 0 && form.test(text) ? Buffer.from(text, encoding) : null;
}

/** As PHP's serialize() writes a string; its length counts bytes. */
function writePhpString(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`s:${bytes.length}:"`), bytes, Buffer.from('";')]);
}

/**
 * Java's serialization of java.lang.Long and java.lang.Integer, up to the number itself, which is big endian: the class
 * with its field `value`, then its superclass java.lang.Number.
 */
const JAVA_NUMBER = "787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b0200007870";
const JAVA_LONG = Buffer.from(
  `aced00057372000e6a6176612e6c616e672e4c6f6e673b8be490cc8f23df0200014a000576616c7565${JAVA_NUMBER}`,
  "hex",
);
const JAVA_INTEGER = Buffer.from(
  `aced0005737200116a6176612e6c616e672e496e746567657212e2a0a4f781873802000149000576616c7565${JAVA_NUMBER}`,
  "hex",
);

function writeJavaNumber(bytes: Buffer, header: Buffer, size: 4 | 8): Buffer | null {
  const text = bytes.toString("latin1");
  if (!/^-?\d{1,19}$/.test(text)) return null;
  const value = BigInt(text);
  if (BigInt.asIntN(8 * size, value) !== value) return null;
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(value);
  return Buffer.concat([header, number.subarray(8 - size)]);
}
