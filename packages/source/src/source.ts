import type {
  Baseline,
  Bound,
  CatalogueTable,
  NamedStore,
  Range,
  ReadingOrder,
  ResolvedStore,
  SessionId,
  SourceBatch,
} from "@rehome/core";

/** What a preflight finds out about a source. */
export interface SourceFacts {
  /** The store, with tables, columns and zone as this source has them. */
  readonly store: ResolvedStore;
  /** The same for every connection to the same database. */
  readonly identity: string;
  readonly version: string;
  readonly warnings: readonly string[];
}

export interface ReadOptions {
  /** A session of more bytes is not read whole: its size is Infinity. */
  readonly maxSessionBytes: number;
  readonly signal?: AbortSignal;
}

export interface ExpiryOptions {
  /** When the run started, in Unix milliseconds: sessions without an expiry may count from it. */
  readonly startedAt: number;
  readonly signal?: AbortSignal;
}

export interface SessionExpiry {
  readonly id: SessionId;
  /** Unix time in milliseconds, rounded down; infinite where SQL's is, NaN where there is none. */
  readonly expiresAt: number;
}

/** What a dry run says about a source. */
export interface Survey {
  readonly total: number;
  /** By the server's clock. */
  readonly expired: number;
  /** For each lookup, how many sessions have no row there. */
  readonly lookups: readonly { readonly table: string; readonly missing: number }[];
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
  /** Connects, and asks nothing. */
  probe(): Promise<void>;
  /**
   * Preflight. Throws RehomeError `source-schema` (exit 2) that names the table or column which is missing, ambiguous or
   * of a type that cannot be carried, and where the store names it.
   */
  inspect(store: NamedStore): Promise<SourceFacts>;
  /** The same for every connection to the same database with the same tables. */
  identify(store: ResolvedStore): Promise<string>;
  /** Every table and view that the user may read, the server's own left out. */
  listTables(): Promise<CatalogueTable[]>;
  /**
   * What the sessions' table is made of now, for reading it in physical order; null where it cannot be read so: a view,
   * a table that is no heap, a server that is too old. To be asked before anything is read.
   */
  baseline(store: ResolvedStore): Promise<Baseline | null>;
  /** Ranges are of this order. */
  sessions(store: ResolvedStore, order: ReadingOrder): SessionSource;
  close(): Promise<void>;
}

/** Where a chunk ends, and how many sessions it has, counted or estimated. */
export interface PlannedChunk {
  readonly upTo: Bound;
  readonly sessions: number;
}

/** The sessions of one store. Ranges are of one order. */
export interface SessionSource {
  /**
   * Every chunk but the last, which has no end: about `chunkSize` sessions each. In order, a few at a time, the first at
   * once however large the table is.
   */
  planChunks(options: {
    readonly after: Bound | null;
    readonly chunkSize: number;
    readonly signal?: AbortSignal;
  }): AsyncIterable<PlannedChunk[]>;
  /** Sessions in a range, as far as they were there when the run was planned. */
  count(range: Range): Promise<number>;
  /** Reads every table once; `colliding` are names of attributes that cannot be fields. */
  survey(options: { readonly colliding: readonly string[] }): Promise<Survey>;
  /**
   * The sessions of a range as of one moment, in batches bounded in bytes, in no particular order. Each batch is to be
   * used before the next one is asked for: it is filled again.
   */
  extract(range: Range, options: ReadOptions): AsyncIterable<SourceBatch>;
  /** The same for these ids; those that are not there are left out. */
  readByIds(ids: readonly SessionId[], options: ReadOptions): AsyncIterable<SourceBatch>;
  /** Which of these ids the source has, byte for byte. */
  findKnown(ids: readonly SessionId[]): Promise<ReadonlySet<SessionId>>;
  /** As many ids of a range, or all of them, at random. */
  sampleIds(range: Range, size: number): Promise<SessionId[]>;
  listExpiries(range: Range, options: ExpiryOptions): AsyncIterable<SessionExpiry[]>;
}
