import type { Range, SessionId, SourceBatch } from "@rehome/core";

/** What a preflight finds out about a source. */
export interface SourceFacts {
  /** The same for every connection to the same database. */
  readonly identity: string;
  /** The zone in which the server takes timestamps without one. */
  readonly timeZone: string;
  readonly version: string;
  readonly warnings: readonly string[];
}

export interface ReadOptions {
  /** The zone in which the source's timestamps are meant. */
  readonly timeZone: string;
  /** A session of more bytes is not read whole: its size is Infinity. */
  readonly maxSessionBytes: number;
  readonly signal?: AbortSignal;
}

export interface Expiry {
  readonly id: SessionId;
  /** Unix time in milliseconds, rounded down; infinite where SQL's is, or where there is none. */
  readonly expiresAt: number;
}

/** What a dry run tells of a source. */
export interface Survey {
  readonly total: number;
  /** By the server's clock. */
  readonly expired: number;
  readonly usersWithoutPreferences: number;
  /** The most frequent names of attributes. */
  readonly attributes: readonly { readonly name: string; readonly sessions: number }[];
  /** Sessions with an attribute of one of the names asked about. */
  readonly collidingSessions: number;
}

/**
 * The database sessions are read from, and only read. Everything rejects with a RehomeError fit to be shown,
 * `retryable` where the server may come back.
 */
export interface Source {
  /** Preflight. Throws RehomeError `source-schema` naming the table or column that is missing or of another type. */
  inspect(): Promise<SourceFacts>;
  /**
   * The upper bound of every chunk but the last, which has none: the id of each `chunkSize`-th session after
   * `after` that another one follows. In order, a few at a time, the first at once however large the table is.
   */
  planBounds(options: {
    readonly after: SessionId | null;
    readonly chunkSize: number;
    readonly signal?: AbortSignal;
  }): AsyncIterable<SessionId[]>;
  count(range: Range): Promise<number>;
  /** Reads every table once; `colliding` are names of attributes that cannot be fields. */
  survey(options: {
    readonly timeZone: string;
    readonly colliding: readonly string[];
  }): Promise<Survey>;
  /**
   * The sessions of a range as of one moment, in batches bounded in bytes. Each batch is to be used before the
   * next one is asked for: it is filled again.
   */
  extract(range: Range, options: ReadOptions): AsyncIterable<SourceBatch>;
  /** The same for these ids; those that are not there are left out. */
  readByIds(ids: readonly SessionId[], options: ReadOptions): AsyncIterable<SourceBatch>;
  /** Which of these ids the source has, byte for byte. */
  findKnown(ids: readonly SessionId[]): Promise<ReadonlySet<SessionId>>;
  /** So many ids of a range, or all of them, at random. */
  sampleIds(range: Range, size: number): Promise<SessionId[]>;
  listExpiries(
    range: Range,
    options: Pick<ReadOptions, "timeZone" | "signal">,
  ): AsyncIterable<Expiry[]>;
  close(): Promise<void>;
}
