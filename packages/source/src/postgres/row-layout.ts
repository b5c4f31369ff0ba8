import type { Column, SourceBatch } from "@rehome/core";
import type { CopyRow } from "./copy-row.js";

/** Where the columns of a row go in a batch. */
export class RowLayout {
  /** How many columns the row has. */
  readonly width: number;
  readonly #texts: readonly number[];
  readonly #textSlots: readonly number[];
  readonly #times: readonly number[];
  readonly #timeSlots: readonly number[];

  /** `columns` begin at the row's column `first`. */
  constructor(columns: readonly Column[], first: number) {
    this.width = first + columns.length;
    const placed = columns.map(({ kind, slot }, i) => ({ kind, slot, at: first + i }));
    const times = placed.filter(({ kind }) => kind === "time");
    const texts = placed.filter(({ kind }) => kind !== "time");
    this.#texts = texts.map(({ at }) => at);
    this.#textSlots = texts.map(({ slot }) => slot);
    this.#times = times.map(({ at }) => at);
    this.#timeSlots = times.map(({ slot }) => slot);
  }

  /** Copies a row's columns to the session that is being filled. */
  fill(batch: SourceBatch, row: CopyRow, bytes: Buffer): void {
    for (let i = 0; i < this.#texts.length; i += 1) {
      const column = this.#texts[i] as number;
      batch.setText(this.#textSlots[i] as number, row.start(column), row.end(column));
    }
    for (let i = 0; i < this.#times.length; i += 1) {
      const column = this.#times[i] as number;
      if (row.isNull(column)) continue;
      row.readTime(bytes, column);
      batch.setTime(this.#timeSlots[i] as number, row.milliseconds, row.microseconds);
    }
  }
}
