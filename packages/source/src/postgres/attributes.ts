import { CopyOut } from "./copy-out.js";
import { CopyRow } from "./copy-row.js";
import { hasSameId, type Page } from "./page.js";
import { ATTRIBUTE, ATTRIBUTE_COLUMNS, ID } from "./statement.js";
import type { PoolClient } from "pg";

/** Where an attribute belongs to no session: no foreign key sees to that. */
const NO_SESSION = -1;

/**
 * The attributes of a page's sessions, which come in the sessions' order: one side of a merge join, of which the other is
 * the page. The server alone can compare two ids, so where an attribute belongs is found by equality.
 */
export class Attributes {
  readonly rows: CopyOut;
  readonly #page: Page;
  /** The session that is being filled, and the one after it. */
  readonly #session: CopyRow;
  readonly #next: CopyRow;
  #place = NO_SESSION;
  /** Where the row under the cursor belongs; null once that row has been taken. */
  #owner: number | null = null;
  /** Every session's place by its id, once it is needed. */
  #places: Map<string, number> | null = null;

  constructor(client: PoolClient, select: string, page: Page) {
    this.#page = page;
    this.rows = CopyOut.run(client, select, ATTRIBUTE_COLUMNS, page.buffer);
    this.#session = new CopyRow(page.width);
    this.#next = new CopyRow(page.width);
  }

  /** Begins with a session; they are begun in order. */
  begin(place: number): void {
    this.#place = place;
    this.#page.moveTo(place, this.#session);
    if (place + 1 < this.#page.count) this.#page.moveTo(place + 1, this.#next);
  }

  /**
   * Takes the attribute under the cursor, or the next one. `later`: it belongs to a session that is begun later, and is
   * not taken; `wait`: there is none until `more` says so.
   */
  next(): "own" | "orphan" | "later" | "wait" {
    if (this.#owner === null) {
      if (!this.rows.next()) return "wait";
      this.#owner = this.#findOwner();
    }
    if (this.#owner > this.#place) return "later";
    const isOwn = this.#owner === this.#place;
    if (!isOwn && this.#owner !== NO_SESSION)
      throw new Error("the attributes are not in the order of the sessions");
    this.#owner = null;
    return isOwn ? "own" : "orphan";
  }

  /** Forgets all that has been taken: what follows moves in the buffer. */
  forget(): void {
    if (this.#owner === null) this.rows.forgetRead();
    else this.rows.forgetBefore();
  }

  /** Waits for more; false when all have been read. */
  async more(): Promise<boolean> {
    return await this.rows.more();
  }

  #findOwner(): number {
    const { row } = this.rows;
    const { bytes } = this.#page.buffer;
    if (row.isNull(ATTRIBUTE.sessionId)) return NO_SESSION;
    if (hasSameId(bytes, row, ATTRIBUTE.sessionId, this.#session, ID)) return this.#place;
    const next = this.#place + 1;
    if (next < this.#page.count && hasSameId(bytes, row, ATTRIBUTE.sessionId, this.#next, ID))
      return next;
    this.#places ??= this.#findPlaces();
    return this.#places.get(keyOf(bytes, row, ATTRIBUTE.sessionId)) ?? NO_SESSION;
  }

  #findPlaces(): Map<string, number> {
    const places = new Map<string, number>();
    const row = new CopyRow(this.#page.width);
    for (let place = 0; place < this.#page.count; place += 1) {
      this.#page.moveTo(place, row);
      places.set(keyOf(this.#page.buffer.bytes, row, ID), place);
    }
    return places;
  }
}

function keyOf(bytes: Buffer, row: CopyRow, column: number): string {
  return bytes.toString("latin1", row.start(column), row.end(column));
}
