import { type IdKind, TransformedBatch } from "@rehome/core";

/** While the target is at work on one batch, and its answers are on their way, the next ones are made. */
const MAX_LOADS = 2;

/** A batch with a session of many megabytes is loaded alone, and its memory is used for the next one. */
const LARGE_BYTES = 4 * 1024 * 1024;

interface Load {
  readonly batch: TransformedBatch;
  readonly done: Promise<void>;
}

/** The batches of one chunk that are being loaded, a few at a time. */
export class LoadsInFlight {
  readonly #load: (batch: TransformedBatch) => Promise<void>;
  readonly #idKind: IdKind;
  /** Oldest first; one that failed stays, so that everybody learns of it. */
  readonly #loads: Load[] = [];
  readonly #spare: TransformedBatch[] = [];

  constructor(idKind: IdKind, load: (batch: TransformedBatch) => Promise<void>) {
    this.#idKind = idKind;
    this.#load = load;
  }

  /** A batch to fill, once there is room for another. Throws what a load threw. */
  async room(): Promise<TransformedBatch> {
    while (this.#isFull()) await this.#endOldest();
    // The largest there is: otherwise each of them would grow to what the largest session takes.
    this.#spare.sort((one, other) => one.bytes.length - other.bytes.length);
    return this.#spare.pop() ?? new TransformedBatch(this.#idKind);
  }

  /** Begins to load a batch that `room` gave. */
  begin(batch: TransformedBatch): void {
    const done = this.#load(batch);
    done.catch(() => undefined);
    this.#loads.push({ batch, done });
  }

  /** Resolves when all have been loaded. Throws what a load threw. */
  async finish(): Promise<void> {
    while (this.#loads.length > 0) await this.#endOldest();
  }

  /** Resolves when nothing is being written any more, whatever became of it. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#loads.map(({ done }) => done));
  }

  #isFull(): boolean {
    const isLarge = this.#loads.some(({ batch }) => batch.bytes.length > LARGE_BYTES);
    return this.#loads.length >= (isLarge ? 1 : MAX_LOADS);
  }

  async #endOldest(): Promise<void> {
    const [oldest] = this.#loads;
    if (oldest === undefined) return;
    await oldest.done;
    this.#loads.shift();
    this.#spare.push(oldest.batch);
  }
}
