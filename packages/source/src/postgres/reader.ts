import type { Range, SessionId, SourceBatch } from "@rehome/core";
import type { PoolClient } from "pg";
import type { ReadOptions } from "../source.js";
import type { Rows } from "./rows.js";

export interface ExtractOptions extends ReadOptions {
  /** A batch is closed once it holds this many bytes. */
  readonly batchBytes: number;
}

/** Rows that can be cut into parts, by the pages of the heap in which they lie: from a page up to another one. */
export interface RowsOfPages {
  readonly from: number;
  readonly to: number;
  /** About how many there are. */
  readonly sessions: number;
  readonly part: (from: number, to: number) => Rows;
}

/** Rows that only a snapshot which has begun can name. */
export interface PlacedRows {
  /** Null where there are none. */
  open(client: PoolClient): Promise<Rows | RowsOfPages | null>;
  /** To be asked once they were read. */
  check(client: PoolClient): Promise<void>;
}

/** Rows that can be named beforehand. */
export function placed(rows: Rows): PlacedRows {
  return { open: () => Promise.resolve(rows), check: () => Promise.resolve() };
}

export function isOfPages(rows: Rows | RowsOfPages): rows is RowsOfPages {
  return "part" in rows;
}

/** As one part. */
export function wholeOf(rows: Rows | RowsOfPages): Rows {
  return isOfPages(rows) ? rows.part(rows.from, rows.to) : rows;
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
