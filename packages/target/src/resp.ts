import { copyBytes } from "@rehome/core";

/*
 * Redis's protocol, written to a buffer that has room. Each function returns where what it has written ends.
 */

const [DOLLAR, CR, LF, ZERO] = [36, 13, 10, 48];

export function writeBytes(bytes: Buffer, at: number, constant: Buffer): number {
  return copyBytes(constant, 0, constant.length, bytes, at);
}

/** The length of an argument, which follows. */
export function writeLength(bytes: Buffer, at: number, length: number): number {
  bytes[at] = DOLLAR;
  return writeLineEnd(bytes, writeNumber(bytes, at + 1, length));
}

export function writeLineEnd(bytes: Buffer, at: number): number {
  bytes[at] = CR;
  bytes[at + 1] = LF;
  return at + 2;
}

/** A whole number as an argument, not negative. */
export function writeNumberArgument(bytes: Buffer, at: number, value: number): number {
  return writeLineEnd(bytes, writeNumber(bytes, writeLength(bytes, at, digitsOf(value)), value));
}

function writeNumber(bytes: Buffer, at: number, value: number): number {
  // Beyond these, the arithmetic below is not exact.
  if (value > Number.MAX_SAFE_INTEGER) return at + bytes.write(String(value), at, "latin1");
  const end = at + digitsOf(value);
  let rest = value;
  for (let i = end - 1; i >= at; i -= 1) {
    const tens = Math.floor(rest / 10);
    bytes[i] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return end;
}

export function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}
