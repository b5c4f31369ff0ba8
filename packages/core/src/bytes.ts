/** Up to this many bytes, a loop is faster than a call that leaves JavaScript. */
const SHORT = 64;

/** Copies `from[start, end)` to `to[at …]`; there must be room. Returns where it ends. */
export function copyBytes(
  from: Buffer,
  start: number,
  end: number,
  to: Buffer,
  at: number,
): number {
  const length = end - start;
  if (length > SHORT) from.copy(to, at, start, end);
  else for (let i = 0; i < length; i += 1) to[at + i] = from[start + i] as number;
  return at + length;
}

/** Whether `one[start, end)` is the same as what begins at `otherStart` and ends at `otherEnd`. */
export function sameBytes(
  one: Buffer,
  start: number,
  end: number,
  other: Buffer,
  otherStart: number,
  otherEnd: number,
): boolean {
  const length = end - start;
  if (length !== otherEnd - otherStart) return false;
  for (let i = 0; i < length; i += 1) if (one[start + i] !== other[otherStart + i]) return false;
  return true;
}

type Numbers = Int8Array | Uint8Array | Int32Array | Float64Array;

/** The same numbers, with room for as many more. */
export function twice<Of extends Numbers>(numbers: Of): Of {
  const grown = new (numbers.constructor as new (length: number) => Of)(2 * numbers.length);
  grown.set(numbers);
  return grown;
}

/** Beyond it, what is allocated in advance would be too much. */
const LARGE = 16 * 1024 * 1024;

/** How many bytes to allocate where `needed` are needed now, and more are soon. */
export function withSlack(needed: number): number {
  return Math.ceil(needed * (needed < LARGE ? 1.5 : 1.125));
}
