import type { PoolClient } from "pg";
import { CopyOut } from "./copy-out.js";
import { CopyRow } from "./copy-row.js";
import { hasSameId, type Page } from "./page.js";
import { ATTRIBUTE, ATTRIBUTE_COLUMNS, ID } from "./statement.js";

/** The owner of a row that belongs to no session of the page: it is passed over before any. */
const ORPHAN = -1;
/** Beyond every session. */
const END = Infinity;

/**
 * A cursor over the attributes of a page's sessions, which come in the sessions' order: one side of a merge join whose
 * other side is the page. The server alone can compare two ids, so a row's owner is found by equality.
 */
export class Attributes {
  /** The place of the session that the row under the cursor belongs to. */
  owner = ORPHAN;
  readonly #rows: CopyOut;
  readonly #page: Page;
  #place = 0;
  /** The session at that place, and the one after it: the likely owners of the next row. */
  readonly #session: CopyRow;
  readonly #next: CopyRow;
  /** Every session's place by its id, once it is needed. */
  #places: Map<string, number> | null = null;

  constructor(client: PoolClient, select: string, page: Page) {
    this.#page = page;
    this.#rows = CopyOut.run(client, select, ATTRIBUTE_COLUMNS, page.buffer);
    this.#session = new CopyRow(page.width);
    this.#next = new CopyRow(page.width);
  }

  /** The row under the cursor. */
  get row(): CopyRow {
    return this.#rows.row;
  }

  /** Bytes of the rows that were not forgotten. */
  get keptBytes(): number {
    return this.#rows.keptBytes;
  }

  /** Says which session the join is at; places only grow. */
  moveTo(place: number): void {
    this.#place = place;
    this.#page.moveTo(place, this.#session);
    if (place + 1 < this.#page.count) this.#page.moveTo(place + 1, this.#next);
  }

  /** Moves the cursor to the next row; false where that has not arrived: then `wait`. */
  next(): boolean {
    if (!this.#rows.next()) return false;
    this.owner = this.#findOwner();
    return true;
  }

  /** The same, once the row has arrived. After the last one the owner is the end. */
  async wait(): Promise<void> {
    while (await this.#rows.more()) if (this.next()) return;
    this.owner = END;
  }

  /** Forgets the row under the cursor and all before it: what follows moves in the buffer. */
  forget(): void {
    this.#rows.forgetRead();
  }

  /** Forgets what came before the cursor, which stays where it is. */
  forgetBefore(): void {
    if (this.owner === END) this.#rows.forgetRead();
    else this.#rows.forgetBefore();
  }

  #findOwner(): number {
    const { row } = this;
    const { bytes } = this.#page.buffer;
    if (row.isNull(ATTRIBUTE.sessionId)) return ORPHAN;
    if (hasSameId(bytes, row, ATTRIBUTE.sessionId, this.#session, ID)) return this.#place;
    const next = this.#place + 1;
    if (next < this.#page.count && hasSameId(bytes, row, ATTRIBUTE.sessionId, this.#next, ID))
      return next;
    this.#places ??= this.#findPlaces();
    const owner = this.#places.get(keyOf(bytes, row, ATTRIBUTE.sessionId)) ?? ORPHAN;
    if (owner !== ORPHAN && owner < this.#place)
      throw new Error("the attributes are not in the order of the sessions");
    return owner;
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
