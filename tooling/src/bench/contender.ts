import type { Redis } from "ioredis";
import type { Workload } from "./workload.js";

export type Urls = Readonly<Record<"SOURCE_URL" | "QUEUE_URL" | "TARGET_URL", string>>;

export interface Servers {
  readonly urls: Urls;
  /** Of those that were started here; what others spend cannot be read. */
  readonly pids: { readonly postgres: number; readonly target: number } | null;
  /** Where they are, in words for the report, without credentials. */
  readonly place: string;
}

/** What everyone moves, and with what. */
export interface Arena extends Servers {
  /** For looking at the target. */
  readonly redis: Redis;
  readonly sessions: number;
  readonly workload: Workload;
}

/** What one turn of one contender took. */
export interface Turn {
  /** Sessions that are in the target now. */
  readonly moved: number;
  readonly seconds: number;
  /** Of the processes between the two servers. */
  readonly loaderSeconds: number | null;
  /** Of the largest of those processes, where it was watched. */
  readonly peakBytes: number | null;
  /** From the start of a run of Rehome's to that of its first chunk. */
  readonly firstChunkMs?: number;
  /** The longest that a worker's event loop was held. */
  readonly longestHoldMs?: number;
}

export interface Contender {
  readonly name: string;
  /** Whether the expiry has milliseconds. */
  readonly exactExpiry: boolean;
  /** From an emptied target. */
  move(arena: Arena): Promise<Turn>;
}
