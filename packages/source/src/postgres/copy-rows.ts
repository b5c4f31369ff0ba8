import { type Instant, INFINITE_FUTURE, INFINITE_PAST } from "@rehome/core";
import type { PoolClient } from "pg";
import { addAbortSignal } from "node:stream";
import { to as copyTo } from "pg-copy-streams";

/** `PGCOPY\n\xff\r\n\0`, flags, and the length of an extension that is empty. */
const HEADER_BYTES = 19;
const POSTGRES_EPOCH = BigInt(Date.UTC(2000, 0, 1)) * 1000n;
const INFINITY = 2n ** 63n - 1n;
const NEGATIVE_INFINITY = -(2n ** 63n);

/** One row of a binary COPY, read in place: valid until the next one is asked for. */
export interface CopyRow {
  /** Bytes of the whole row. */
  readonly bytes: number;
  isNull(column: number): boolean;
  /** Of any type whose binary form is its text. */
  text(column: number): string | null;
  boolean(column: number): boolean | null;
  /** Of a `timestamptz`. */
  instant(column: number): Instant | null;
  /** Whether the column has these very bytes. */
  equals(column: number, bytes: Buffer): boolean;
  /** A copy of the column's bytes. */
  copy(column: number): Buffer;
}

/**
 * Runs `COPY (select) TO STDOUT (FORMAT binary)` and gives its rows as they arrive, those of one piece of the
 * stream at a time: no object is made for a row, and nothing is read ahead of who asks.
 */
export async function* copyRows(
  client: PoolClient,
  select: string,
  columns: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Iterable<CopyRow>> {
  const stream = client.query(copyTo(`COPY (${select}) TO STDOUT (FORMAT binary)`));
  if (signal !== undefined) addAbortSignal(signal, stream);
  const parser = new CopyParser(columns);
  for await (const piece of stream as AsyncIterable<Buffer>) {
    if (parser.add(piece)) yield parser.rows();
  }
}

class CopyParser implements CopyRow {
  bytes = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  /** What has come in since, until there is enough to read on: a long row is put together once. */
  #pieces: Buffer[] = [];
  #missing = HEADER_BYTES;
  #headerRead = false;
  readonly #columns: number;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;

  constructor(columns: number) {
    this.#columns = columns;
    this.#starts = new Int32Array(columns);
    this.#lengths = new Int32Array(columns);
  }

  /** False while there is not enough to go on with. */
  add(piece: Buffer): boolean {
    this.#pieces.push(piece);
    this.#missing -= piece.length;
    if (this.#missing > 0) return false;
    this.#buffer = Buffer.concat([this.#buffer.subarray(this.#at), ...this.#pieces]);
    this.#pieces = [];
    this.#at = 0;
    if (!this.#headerRead) {
      this.#at = HEADER_BYTES;
      this.#headerRead = true;
    }
    return true;
  }

  *rows(): Iterable<CopyRow> {
    while (this.#readRow()) yield this;
  }

  /** False at the end of what is there; `#missing` then says how much more the row needs at least. */
  #readRow(): boolean {
    const buffer = this.#buffer;
    const start = this.#at;
    let at = start;
    if (!this.#has(at + 2)) return false;
    const count = buffer.readInt16BE(at);
    at += 2;
    // The trailer.
    if (count === -1) {
      this.#at = at;
      this.#missing = 1;
      return false;
    }
    if (count !== this.#columns) throw new Error(`a row of ${count} columns, not ${this.#columns}`);
    for (let column = 0; column < count; column += 1) {
      if (!this.#has(at + 4)) return false;
      const length = buffer.readInt32BE(at);
      at += 4;
      this.#starts[column] = at;
      this.#lengths[column] = length;
      if (length > 0) {
        at += length;
        if (!this.#has(at)) return false;
      }
    }
    this.#at = at;
    this.bytes = at - start;
    return true;
  }

  #has(end: number): boolean {
    this.#missing = end - this.#buffer.length;
    return this.#missing <= 0;
  }

  isNull(column: number): boolean {
    return this.#lengths[column] === -1;
  }

  text(column: number): string | null {
    const [start, length] = [this.#start(column), this.#length(column)];
    return length < 0 ? null : this.#buffer.toString("utf8", start, start + length);
  }

  boolean(column: number): boolean | null {
    return this.isNull(column) ? null : this.#buffer[this.#start(column)] === 1;
  }

  instant(column: number): Instant | null {
    if (this.isNull(column)) return null;
    const microseconds = this.#buffer.readBigInt64BE(this.#start(column));
    if (microseconds === INFINITY) return INFINITE_FUTURE;
    if (microseconds === NEGATIVE_INFINITY) return INFINITE_PAST;
    return microseconds + POSTGRES_EPOCH;
  }

  equals(column: number, bytes: Buffer): boolean {
    const [start, length] = [this.#start(column), this.#length(column)];
    return length === bytes.length && bytes.compare(this.#buffer, start, start + length) === 0;
  }

  copy(column: number): Buffer {
    const [start, length] = [this.#start(column), this.#length(column)];
    return Buffer.from(this.#buffer.subarray(start, start + length));
  }

  #start(column: number): number {
    return this.#starts[column] ?? 0;
  }

  #length(column: number): number {
    return this.#lengths[column] ?? -1;
  }
}
