/** `PGCOPY\n\xff\r\n\0`, flags, and the length of an extension that is empty. */
export const HEADER_BYTES = 19;
const TRAILER = -1;

/** PostgreSQL counts microseconds from the year 2000, its infinities being the ends of 64 bits. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const [MAX_INT32, MIN_INT32] = [0x7fffffff, -0x80000000];
const MAX_UINT32 = 0xffffffff;

/** Milliseconds in 2^32 microseconds, and the microseconds that are left. */
const [HIGH_MS, HIGH_REST] = [4_294_967, 296];

/** A row of a binary COPY, read where it lies. Its numbers are offsets of the buffer it was moved in. */
export class CopyRow {
  /** Bytes of the whole row. */
  size = 0;
  milliseconds = 0;
  microseconds = 0;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;

  constructor(columns: number) {
    this.#starts = new Int32Array(columns);
    this.#ends = new Int32Array(columns);
  }

  /** To a row that is whole. Where it ends; false at the trailer, which is none. */
  move(bytes: Buffer, start: number): number | false {
    const count = (int16(bytes, start) << 16) >> 16;
    if (count === TRAILER) return false;
    if (count !== this.#starts.length)
      throw new Error(`a row of ${count} columns, not ${this.#starts.length}`);
    let at = start + 2;
    for (let column = 0; column < count; column += 1) {
      const length = int32(bytes, at);
      at += 4;
      this.#starts[column] = length < 0 ? -1 : at;
      if (length > 0) at += length;
      this.#ends[column] = at;
    }
    this.size = at - start;
    return at;
  }

  /** -1 where it is NULL. */
  start(column: number): number {
    return this.#starts[column] as number;
  }

  end(column: number): number {
    return this.#ends[column] as number;
  }

  isNull(column: number): boolean {
    return this.#starts[column] === -1;
  }

  /** Of any type whose binary form is its text; not NULL. */
  text(bytes: Buffer, column: number): string {
    return bytes.toString("utf8", this.#starts[column], this.#ends[column]);
  }

  /** Neither false nor NULL. */
  isTrue(bytes: Buffer, column: number): boolean {
    const start = this.#starts[column] as number;
    return start !== -1 && bytes[start] === 1;
  }

  /** Reads a `timestamptz` into `milliseconds` since 1970, which may be infinite, and `microseconds`; not NULL. */
  readTime(bytes: Buffer, column: number): void {
    const start = this.#starts[column] as number;
    const [high, low] = [int32(bytes, start), int32(bytes, start + 4) >>> 0];
    if (high === MAX_INT32 && low === MAX_UINT32) this.milliseconds = Infinity;
    else if (high === MIN_INT32 && low === 0) this.milliseconds = -Infinity;
    else {
      // high * 2^32 + low, divided by 1000 without ever leaving what a double holds exactly.
      const rest = high * HIGH_REST + low;
      const whole = Math.floor(rest / 1000);
      this.milliseconds = high * HIGH_MS + whole + EPOCH_MS;
      this.microseconds = rest - whole * 1000;
    }
  }
}

/** Where the value of a row's first column begins: behind the number of columns and its own length. */
export function firstColumn(rowStart: number): number {
  return rowStart + 6;
}

/** Without the checks of `Buffer.readInt32BE`, which take longer than the reading: the bounds are known. */
export function int32(bytes: Buffer, at: number): number {
  return (int16(bytes, at) << 16) | int16(bytes, at + 2);
}

/** Unsigned. */
function int16(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
