import type { SourceBatch } from "@rehome/core";
import type { ReadSpace } from "./read-space.js";

/** Loading is told of no more at a time, however small the sessions are. */
const MAX_SESSIONS = 2_000;

/** The batch that is being filled. It is yielded once it holds enough, and filled again. */
export class OpenBatch {
  readonly batch: SourceBatch;
  readonly #buffer: ReadSpace["buffer"];
  readonly #maxBytes: number;
  #bytes = 0;

  constructor({ batch, buffer }: ReadSpace, maxBytes: number) {
    this.batch = batch;
    this.#buffer = buffer;
    this.#maxBytes = maxBytes;
    batch.clear();
  }

  /** Counts the session that was filled last, of this many bytes. */
  complete(bytes: number): void {
    this.batch.complete(bytes);
    this.#bytes += bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes || this.batch.count >= MAX_SESSIONS;
  }

  /** Yields what is there, if anything is, and is empty afterwards. */
  *take(): Generator<SourceBatch> {
    const { batch } = this;
    if (batch.count > 0) {
      batch.bytes = this.#buffer.bytes;
      yield batch;
    }
    batch.clear();
    this.#bytes = 0;
  }
}
