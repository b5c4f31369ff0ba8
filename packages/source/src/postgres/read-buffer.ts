import { withSlack } from "@rehome/core";

const FIRST_BYTES = 256 * 1024;
/** What unusually large rows needed is not kept for all those after them. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

/** Offsets are kept in 32 bits. */
const MAX_BYTES = 0x7fffffff;

/**
 * What has been read and is still needed, in one piece: rows are told by where they lie in it. It is used again
 * and again, so that reading leaves next to nothing to the collector of garbage.
 */
export class ReadBuffer {
  /** Another one after something was added. */
  bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  end = 0;
  /** Up to here, what was read stays when the rest is cleared. */
  #kept = 0;

  /** Keeps what was read so far. */
  keep(): void {
    this.#kept = this.end;
  }

  /** Bytes that were read and will be cleared. */
  get size(): number {
    return this.end - this.#kept;
  }

  clear(): void {
    this.end = this.#kept;
  }

  /** Clears what was kept as well. */
  clearAll(): void {
    this.#kept = 0;
    this.end = 0;
    if (this.bytes.length > MAX_KEPT_BYTES) this.bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  add(piece: Buffer): void {
    this.reserve(this.end + piece.length);
    piece.copy(this.bytes, this.end);
    this.end += piece.length;
  }

  /** Makes room for so many bytes in all. Throws RangeError. */
  reserve(size: number): void {
    if (size <= this.bytes.length) return;
    if (size > MAX_BYTES) throw new RangeError("more than 2 GB to be read at once");
    const grown = Buffer.allocUnsafe(withSlack(size));
    this.bytes.copy(grown, 0, 0, this.end);
    this.bytes = grown;
  }

  /** What follows moves to `start`. */
  remove(start: number, end: number): void {
    this.bytes.copyWithin(start, end, this.end);
    this.end -= end - start;
  }
}
