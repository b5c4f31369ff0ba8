import { type ResolvedStore, SourceBatch } from "@rehome/core";
import { ReadBuffer } from "./read-buffer.js";

/** What one chunk after the other is read into. */
export interface ReadSpace {
  readonly buffer: ReadBuffer;
  readonly batch: SourceBatch;
  /** As many sessions as fit in a page, as far as is known from the last one; 0 before the first. */
  pageSessions: number;
  /** Whether the rows of lookups for a stretch of the heap are small enough to be held while it is read. */
  holdsLookups: boolean;
}

/** Spaces that are used again, so that reading leaves next to nothing to the garbage collector. */
export class ReadSpaces {
  readonly #columns: ResolvedStore["columns"];
  readonly #spare: ReadSpace[] = [];

  constructor({ columns }: Pick<ResolvedStore, "columns">) {
    this.#columns = columns;
  }

  take(): ReadSpace {
    return (
      this.#spare.pop() ?? {
        buffer: new ReadBuffer(),
        batch: new SourceBatch(this.#columns),
        pageSessions: 0,
        holdsLookups: true,
      }
    );
  }

  /** Only once all has been read: something may still arrive for a read that broke off. */
  giveBack(space: ReadSpace): void {
    space.buffer.clearAll();
    space.batch.clear();
    this.#spare.push(space);
  }
}
