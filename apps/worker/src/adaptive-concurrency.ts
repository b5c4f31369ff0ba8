/** What a worker saw of itself for a second or so. */
export interface Observation {
  /** Chunks that it held in the end. */
  readonly inHand: number;
  /** Sessions that it copied, a second. */
  readonly rate: number;
  /** For which share of the time, from 0 to 1, its event loop was at work, and the processors of its machine. */
  readonly loop: number;
  readonly machine: number;
  /** What it held in memory. */
  readonly residentBytes: number;
}

/** As many as keep a worker and a source at work that are near each other. */
export const FEWEST_CHUNKS = 2;
export const MOST_CHUNKS = 16;

/** Observations after a change until one is judged: in the first of them, chunks are only being taken. */
const SETTLED = 3;
const JUDGED = 2;
/** Twice the chunks are to copy that much more, or else they only burden the servers. */
const GAIN = 1.05;
/** For so many observations nothing more is tried after a trial has failed. */
const REST = 60;

/** Above these shares, more chunks wait for a processor instead of a server. */
const BUSY_LOOP = 0.75;
const BUSY_MACHINE = 0.9;

const MIB = 1024 * 1024;
const MOST_BYTES = 240 * MIB;
/** Another chunk takes about that, where sessions are of the usual size. */
const CHUNK_BYTES = 20 * MIB;

/**
 * How many chunks a worker copies at the same time. The farther away the servers, the longer a chunk waits for answers,
 * and the more of them are needed to keep a worker at work. So it tries twice as many while it is idle, and keeps to that
 * if it copies more then. Where the processors have enough to do, or memory is short, it stays with a few.
 */
export class AdaptiveConcurrency {
  #chunks = FEWEST_CHUNKS;
  /** Since the number has changed. */
  #seen: Observation[] = [];
  /** The rate before a trial; null while there is none. */
  #rateBefore: number | null = null;
  #rest = 0;

  get chunks(): number {
    return this.#chunks;
  }

  /** Takes in what was seen, and decides anew. */
  observe(seen: Observation): void {
    if (seen.residentBytes > MOST_BYTES) return this.#stepBack();
    if (this.#rest > 0) this.#rest -= 1;
    if (seen.inHand < this.#chunks) {
      // Between two runs there is nothing to compare with.
      if (seen.inHand === 0) this.#restart();
      return;
    }
    this.#seen.push(seen);
    if (this.#seen.length < SETTLED) return;
    const judged = this.#seen.slice(-JUDGED);
    const rate = mean(judged.map((one) => one.rate));
    if (this.#rateBefore !== null && rate < this.#rateBefore * GAIN) return this.#stepBack();
    this.#rateBefore = null;
    const isIdle =
      mean(judged.map(({ loop }) => loop)) < BUSY_LOOP &&
      mean(judged.map(({ machine }) => machine)) < BUSY_MACHINE;
    const fits = seen.residentBytes + this.#chunks * CHUNK_BYTES < MOST_BYTES;
    const canTry = this.#rest === 0 && this.#chunks * 2 <= MOST_CHUNKS;
    // A run that does not advance is held up by something else.
    if (canTry && isIdle && fits && rate > 0) this.#change(this.#chunks * 2, rate);
  }

  #stepBack(): void {
    this.#rest = REST;
    this.#change(Math.max(FEWEST_CHUNKS, this.#chunks / 2), null);
  }

  #change(chunks: number, rateBefore: number | null): void {
    this.#chunks = chunks;
    this.#rateBefore = rateBefore;
    this.#seen = [];
  }

  #restart(): void {
    this.#change(this.#chunks, null);
  }
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}
