import type { Redis } from "ioredis";
import type { PostgresServer, RedisServer } from "../local-services/index.js";
import type { ColdSource } from "./cold/cold-source.js";
import type { Workload } from "./workload.js";

export type Urls = Readonly<Record<"SOURCE_URL" | "QUEUE_URL" | "TARGET_URL", string>>;

export interface Servers {
  readonly urls: Urls;
  /** Those that were started here; what others spend cannot be read. */
  readonly own: { readonly postgres: PostgresServer; readonly target: RedisServer } | null;
  /** Where they are, in words for the report, without credentials. */
  readonly place: string;
}

/** What everyone moves, and with what. */
export interface Arena extends Servers {
  /** For looking at the target. */
  readonly redis: Redis;
  readonly sessions: number;
  readonly workload: Workload;
  /** PostgreSQL's setting of that name, for one large query that has the server to itself. */
  readonly workMem: string;
  /** Where each turn is to begin with a PostgreSQL that has its tables on the disk alone. */
  readonly cold: ColdSource | null;
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
  /** In the target: sessions with an expiry in milliseconds or whole seconds, or nothing, where it only reads. */
  readonly leaves: "milliseconds" | "seconds" | "nothing";
  /** Why it cannot take part on this machine, if it cannot. */
  absence?(): Promise<string | null>;
  /** From an emptied target. */
  move(arena: Arena): Promise<Turn>;
}
