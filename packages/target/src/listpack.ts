import { copyBytes } from "@rehome/core";

/** The most that an entry takes beyond its text: a header and a length to be read backwards, five bytes each. */
export const ENTRY_OVERHEAD = 10;

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/**
 * Writes the text `from[start, end)` as an entry of a listpack, as Redis's own src/listpack.c would: a whole number
 * in its shortest form becomes an integer, everything else is bytes. Returns where the entry ends; there must be
 * room.
 */
export function writeEntry(
  bytes: Buffer,
  at: number,
  from: Buffer,
  start: number,
  end: number,
): number {
  const integerEnd = isInteger(from, start, end) ? writeInteger(bytes, at, from, start, end) : null;
  return writeBackLength(bytes, at, integerEnd ?? writeText(bytes, at, from, start, end));
}

const [ZERO, NINE, MINUS] = [48, 57, 45];

/** Nothing but what prints the same again: `007`, `-0` and `+1` are texts. */
function isInteger(from: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length === 0 || length > 20) return false;
  let at = start;
  if (from[at] === MINUS) {
    at += 1;
    if (length === 1) return false;
  }
  if (from[at] === ZERO) return length === 1;
  for (; at < end; at += 1) {
    const code = from[at] as number;
    if (code < ZERO || code > NINE) return false;
  }
  return true;
}

/** Null where the number has more than 64 bits: then it is a text. */
function writeInteger(
  bytes: Buffer,
  at: number,
  from: Buffer,
  start: number,
  end: number,
): number | null {
  if (end - start > 15) {
    const value = BigInt(from.toString("latin1", start, end));
    if (value > MAX_INT64 || value < MIN_INT64) return null;
    bytes[at] = 0xf4;
    return bytes.writeBigInt64LE(value, at + 1);
  }
  const value = parseInteger(from, start, end);
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

/** Exact, since it has at most 15 digits. */
function parseInteger(from: Buffer, start: number, end: number): number {
  const isNegative = from[start] === MINUS;
  let value = 0;
  for (let i = isNegative ? start + 1 : start; i < end; i += 1)
    value = value * 10 + (from[i] as number) - ZERO;
  return isNegative ? -value : value;
}

function fits(value: number, bits: number): boolean {
  return value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1);
}

function writeText(bytes: Buffer, at: number, from: Buffer, start: number, end: number): number {
  return copyBytes(from, start, end, bytes, writeHeader(bytes, at, end - start));
}

/** Returns where it ends. */
function writeHeader(bytes: Buffer, at: number, size: number): number {
  if (size < 64) {
    bytes[at] = 0x80 | size;
    return at + 1;
  }
  if (size < 4096) {
    bytes[at] = 0xe0 | (size >> 8);
    bytes[at + 1] = size & 0xff;
    return at + 2;
  }
  bytes[at] = 0xf0;
  return bytes.writeUInt32LE(size, at + 1);
}

/** How long the entry is, in sevens of bits, to be read from its end backwards. */
function writeBackLength(bytes: Buffer, start: number, end: number): number {
  const size = end - start;
  if (size < 128) {
    bytes[end] = size;
    return end + 1;
  }
  let at = end;
  // Redis's own bounds: each is one less than the bits could hold.
  let shift = size < 2 ** 14 - 1 ? 7 : size < 2 ** 21 - 1 ? 14 : size < 2 ** 28 - 1 ? 21 : 28;
  bytes[at] = size >>> shift;
  while (shift > 0) {
    shift -= 7;
    at += 1;
    bytes[at] = ((size >>> shift) & 0x7f) | 0x80;
  }
  return at + 1;
}
