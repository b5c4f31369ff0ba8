/** Of one entry beyond its text: header and length read backwards, five bytes each at the most. */
export const ENTRY_OVERHEAD = 10;

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/**
 * Writes one text as an entry of a listpack, as Redis's own src/listpack.c would: a whole number in its shortest
 * form becomes an integer, everything else is bytes of UTF-8. Returns where the entry ends; there must be room.
 */
export function writeEntry(bytes: Buffer, at: number, text: string): number {
  const end = isInteger(text) ? writeInteger(bytes, at, text) : at;
  return writeBackLength(bytes, at, end === at ? writeText(bytes, at, text) : end);
}

/** Few names make up most fields; others are not kept. */
const MAX_NAMES = 1_024;
const names = new Map<string, Buffer>();

/** The same as `writeEntry`, for texts that come again and again. */
export function writeName(bytes: Buffer, at: number, name: string): number {
  const known = names.get(name) ?? learnName(name);
  if (known === null) return writeEntry(bytes, at, name);
  for (let i = 0; i < known.length; i += 1) bytes[at + i] = known[i] as number;
  return at + known.length;
}

function learnName(name: string): Buffer | null {
  if (names.size === MAX_NAMES || name.length > 255) return null;
  const entry = Buffer.alloc(3 * name.length + ENTRY_OVERHEAD);
  const known = Buffer.from(entry.subarray(0, writeEntry(entry, 0, name)));
  names.set(name, known);
  return known;
}

const [ZERO, NINE, MINUS] = [48, 57, 45];

/** Nothing but what prints the same again: `007`, `-0` and `+1` are texts. */
function isInteger(text: string): boolean {
  const length = text.length;
  if (length === 0 || length > 20) return false;
  const first = text.charCodeAt(0);
  let at = 0;
  if (first === MINUS) {
    at = 1;
    if (length === 1) return false;
  }
  const digit = text.charCodeAt(at);
  if (digit === ZERO) return length === 1;
  for (; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  return true;
}

/** `at` itself where the number has more than 64 bits: then it is a text. */
function writeInteger(bytes: Buffer, at: number, text: string): number {
  if (text.length > 15) {
    const value = BigInt(text);
    if (value > MAX_INT64 || value < MIN_INT64) return at;
    bytes[at] = 0xf4;
    return bytes.writeBigInt64LE(value, at + 1);
  }
  const value = Number(text);
  if (value >= 0 && value <= 127) {
    bytes[at] = value;
    return at + 1;
  }
  if (fits(value, 13)) {
    bytes[at] = 0xc0 | ((value >> 8) & 0x1f);
    bytes[at + 1] = value & 0xff;
    return at + 2;
  }
  if (fits(value, 16)) {
    bytes[at] = 0xf1;
    return bytes.writeInt16LE(value, at + 1);
  }
  if (fits(value, 24)) {
    bytes[at] = 0xf2;
    return bytes.writeIntLE(value, at + 1, 3);
  }
  if (fits(value, 32)) {
    bytes[at] = 0xf3;
    return bytes.writeInt32LE(value, at + 1);
  }
  bytes[at] = 0xf4;
  return bytes.writeBigInt64LE(BigInt(value), at + 1);
}

function fits(value: number, bits: number): boolean {
  return value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1);
}

/** Shorter ones are written faster here than by a call that leaves JavaScript. */
const SHORT = 12;

function writeText(bytes: Buffer, at: number, text: string): number {
  const length = text.length;
  if (length < SHORT) {
    let i = 0;
    for (; i < length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 127) break;
      bytes[at + 1 + i] = code;
    }
    if (i === length) {
      bytes[at] = 0x80 | length;
      return at + 1 + length;
    }
  }
  // Most are ASCII, a byte for each character: those are at once where they belong.
  const guessed = at + headerSize(length);
  const size = bytes.write(text, guessed);
  const start = at + headerSize(size);
  if (start !== guessed) bytes.copyWithin(start, guessed, guessed + size);
  writeHeader(bytes, at, size);
  return start + size;
}

function headerSize(size: number): number {
  return size < 64 ? 1 : size < 4096 ? 2 : 5;
}

function writeHeader(bytes: Buffer, at: number, size: number): void {
  if (size < 64) {
    bytes[at] = 0x80 | size;
  } else if (size < 4096) {
    bytes[at] = 0xe0 | (size >> 8);
    bytes[at + 1] = size & 0xff;
  } else {
    bytes[at] = 0xf0;
    bytes.writeUInt32LE(size, at + 1);
  }
}

/** How long the entry is, in sevens of bits, to be read from its end backwards. */
function writeBackLength(bytes: Buffer, start: number, end: number): number {
  const size = end - start;
  if (size < 128) {
    bytes[end] = size;
    return end + 1;
  }
  let at = end;
  // Redis's own bounds: each is one less than what so many bits can hold.
  let shift = size < 2 ** 14 - 1 ? 7 : size < 2 ** 21 - 1 ? 14 : size < 2 ** 28 - 1 ? 21 : 28;
  bytes[at] = size >>> shift;
  while (shift > 0) {
    shift -= 7;
    at += 1;
    bytes[at] = ((size >>> shift) & 0x7f) | 0x80;
  }
  return at + 1;
}
