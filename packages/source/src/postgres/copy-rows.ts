import { type Instant, INFINITE_FUTURE, INFINITE_PAST } from "@rehome/core";
import type { PoolClient } from "pg";
import { addAbortSignal } from "node:stream";
import { to as copyTo } from "pg-copy-streams";

/** `PGCOPY\n\xff\r\n\0`, flags, and the length of an extension that is empty. */
const HEADER_BYTES = 19;
const POSTGRES_EPOCH = BigInt(Date.UTC(2000, 0, 1)) * 1000n;
const INFINITY = 2n ** 63n - 1n;
const NEGATIVE_INFINITY = -(2n ** 63n);

/** Where a row lies. Keeping it keeps the piece of the stream that it came in, and no object for what it holds. */
export interface RowPlace {
  readonly buffer: Buffer;
  readonly at: number;
}

/**
 * Runs `COPY (select) TO STDOUT (FORMAT binary)` and gives its rows as they arrive, those of one piece of the
 * stream at a time, in one cursor that moves from row to row. Nothing is read ahead of who asks.
 */
export async function* copyRows(
  client: PoolClient,
  select: string,
  columns: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Rows> {
  const stream = client.query(copyTo(`COPY (${select}) TO STDOUT (FORMAT binary)`));
  if (signal !== undefined) addAbortSignal(signal, stream);
  const rows = new Rows(new CopyRow(columns));
  for await (const piece of stream as AsyncIterable<Buffer>) {
    if (rows.add(piece)) yield rows;
  }
}

/** A row of a binary COPY, read where it lies. */
export class CopyRow {
  /** Bytes of the whole row. */
  bytes = 0;
  /** After `move` found no whole row: how much of it is missing, at least. 0 at the trailer. */
  missing = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;

  constructor(columns: number) {
    this.#starts = new Int32Array(columns);
    this.#lengths = new Int32Array(columns);
  }

  get place(): RowPlace {
    return { buffer: this.#buffer, at: this.#at };
  }

  /** Where the row ends; -1 where there is none, or not all of it. */
  move(buffer: Buffer, start: number): number {
    this.#buffer = buffer;
    this.#at = start;
    let at = start + 2;
    if (!this.#has(at)) return -1;
    const count = int16(buffer, start);
    if (count === -1) {
      this.missing = 0;
      return -1;
    }
    if (count !== this.#starts.length)
      throw new Error(`a row of ${count} columns, not ${this.#starts.length}`);
    for (let column = 0; column < count; column += 1) {
      if (!this.#has(at + 4)) return -1;
      const length = int32(buffer, at);
      at += 4;
      this.#starts[column] = at;
      this.#lengths[column] = length;
      if (length > 0) at += length;
      if (!this.#has(at)) return -1;
    }
    this.bytes = at - start;
    return at;
  }

  #has(end: number): boolean {
    this.missing = end - this.#buffer.length;
    return this.missing <= 0;
  }

  isNull(column: number): boolean {
    return this.#length(column) === -1;
  }

  /** Of any type whose binary form is its text. */
  text(column: number): string | null {
    const [start, length] = [this.#start(column), this.#length(column)];
    return length < 0 ? null : this.#buffer.toString("utf8", start, start + length);
  }

  boolean(column: number): boolean | null {
    return this.isNull(column) ? null : this.#buffer[this.#start(column)] === 1;
  }

  /** Of a `timestamptz`. */
  instant(column: number): Instant | null {
    if (this.isNull(column)) return null;
    const microseconds = this.#buffer.readBigInt64BE(this.#start(column));
    if (microseconds === INFINITY) return INFINITE_FUTURE;
    if (microseconds === NEGATIVE_INFINITY) return INFINITE_PAST;
    return microseconds + POSTGRES_EPOCH;
  }

  /** Whether a column has the same bytes as one of another row. */
  equals(column: number, other: CopyRow, otherColumn: number): boolean {
    const length = this.#length(column);
    if (length !== other.#length(otherColumn)) return false;
    const [start, otherStart] = [this.#start(column), other.#start(otherColumn)];
    for (let i = 0; i < length; i += 1)
      if (this.#buffer[start + i] !== other.#buffer[otherStart + i]) return false;
    return true;
  }

  #start(column: number): number {
    return this.#starts[column] ?? 0;
  }

  #length(column: number): number {
    return this.#lengths[column] ?? -1;
  }
}

/** Without the checks of `Buffer.readInt32BE`, which take longer than the reading: the bounds are known. */
function int32(bytes: Buffer, at: number): number {
  return (int16(bytes, at) << 16) | (int16(bytes, at + 2) & 0xffff);
}

function int16(bytes: Buffer, at: number): number {
  return (((bytes[at] as number) << 24) >> 16) | (bytes[at + 1] as number);
}

/** The rows that are whole so far. */
export class Rows {
  readonly #row: CopyRow;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  /** What has come in since, until there is enough to read on: a long row is put together once. */
  #pieces: Buffer[] = [];
  #missing = HEADER_BYTES;
  #headerRead = false;

  constructor(row: CopyRow) {
    this.#row = row;
  }

  /** False while there is not enough to go on with. */
  add(piece: Buffer): boolean {
    this.#pieces.push(piece);
    this.#missing -= piece.length;
    if (this.#missing > 0) return false;
    const rest = this.#buffer.subarray(this.#at);
    this.#buffer =
      rest.length === 0 && this.#pieces.length === 1
        ? piece
        : Buffer.concat([rest, ...this.#pieces]);
    this.#pieces = [];
    this.#at = this.#headerRead ? 0 : HEADER_BYTES;
    this.#headerRead = true;
    return true;
  }

  /** The cursor, moved to the next row; null after the last one that is whole. */
  next(): CopyRow | null {
    const end = this.#row.move(this.#buffer, this.#at);
    if (end === -1) {
      this.#missing = Math.max(this.#row.missing, 1);
      return null;
    }
    this.#at = end;
    return this.#row;
  }
}
