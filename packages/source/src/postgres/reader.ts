import type { Range, SessionId, SourceBatch } from "@rehome/core";
import type { ReadOptions } from "../source.js";

export interface ExtractOptions extends ReadOptions {
  /** A batch is closed once it holds this many bytes. */
  readonly batchBytes: number;
}

/** Reads whole sessions, all of one moment, in batches bounded in bytes. */
export interface Reader {
  readRange(range: Range, options: ExtractOptions): AsyncGenerator<SourceBatch>;
  /** Those that are not there are left out. */
  readByIds(ids: readonly SessionId[], options: ExtractOptions): AsyncGenerator<SourceBatch>;
}
