import { type ResolvedStore, SourceBatch } from "@rehome/core";
import { ReadBuffer } from "./read-buffer.js";

/** What one chunk after the other is read into. */
export interface ReadSpace {
  readonly buffer: ReadBuffer;
  readonly batch: SourceBatch;
  /** As many sessions as fit in a page, as far as is known from the last one; 0 before the first. */
  pageSessions: number;
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
      }
    );
  }

  /** Only once all has been read: something may still arrive for a read that broke off. */
  giveBack(space: ReadSpace): void {
    space.buffer.clear();
    space.batch.clear();
    this.#spare.push(space);
  }
}
