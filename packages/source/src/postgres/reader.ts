import type { Range, SessionId, SourceBatch } from "@rehome/core";
import type { PoolClient } from "pg";
import type { ReadOptions } from "../source.js";
import type { Rows } from "./rows.js";

export interface ExtractOptions extends ReadOptions {
  /** A batch is closed once it holds this many bytes. */
  readonly batchBytes: number;
}

/** Rows that only a snapshot which has begun can name. */
export interface PlacedRows {
  /** Null where there are none. */
  open(client: PoolClient): Promise<Rows | null>;
  /** To be asked once they were read. */
  check(client: PoolClient): Promise<void>;
}

/** Rows that can be named beforehand. */
export function placed(rows: Rows): PlacedRows {
  return { open: () => Promise.resolve(rows), check: () => Promise.resolve() };
}

/** Reads whole sessions, all of one moment, in batches bounded in bytes. */
export interface Reader {
  /** In the order of ids. */
  readRange(range: Range, options: ExtractOptions): AsyncGenerator<SourceBatch>;
  /** Those that are not there are left out. */
  readByIds(ids: readonly SessionId[], options: ExtractOptions): AsyncGenerator<SourceBatch>;
  /** In whatever order the server finds them. */
  readPlaced(rows: PlacedRows, options: ExtractOptions): AsyncGenerator<SourceBatch>;
}
