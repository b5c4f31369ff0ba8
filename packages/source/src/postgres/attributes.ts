import type { PoolClient } from "pg";
import type { CopyRow } from "./copy-row.js";
import type { Page } from "./page.js";
import { RowStream } from "./row-stream.js";
import { ATTRIBUTE, ATTRIBUTE_COLUMNS } from "./statement.js";

/** The owner of a row that belongs to no session of the page. */
export const ORPHAN = -1;
/** Where the sessions are in the attributes' order, few in a row have none: a row's owner is looked for so far ahead. */
const NEAR = 16;

/**
 * A cursor over the attributes of a page's sessions, which come session by session. The server alone can compare two ids,
 * so a row's owner is found by equality.
 */
export class Attributes {
  /** The place of the session that the row under the cursor belongs to. */
  owner = ORPHAN;
  readonly #rows: RowStream;
  readonly #page: Page;
  /** Every session's place by its id, once a row belongs to none that is near. */
  #places: Map<string, number> | null = null;
  /** The last owner that was found. */
  #last = ORPHAN;

  constructor(client: PoolClient, select: string, page: Page) {
    this.#page = page;
    this.#rows = RowStream.copy(client, select, ATTRIBUTE_COLUMNS, page.buffer);
  }

  /** The row under the cursor. */
  get row(): CopyRow {
    return this.#rows.row;
  }

  /** Bytes of the rows that were not forgotten. */
  get keptBytes(): number {
    return this.#rows.keptBytes;
  }

  /** Moves the cursor to the next row; false where that has not arrived: then ask `more`. */
  next(): boolean {
    if (!this.#rows.next()) return false;
    this.owner = this.#findOwner();
    return true;
  }

  /** Waits until there are rows to move to; false when all have been. */
  more(): Promise<boolean> {
    return this.#rows.more();
  }

  /** Forgets the row under the cursor and all before it: what follows moves in the buffer. */
  forget(): void {
    this.#rows.forgetRead();
  }

  /** Forgets what came before the cursor, which stays where it is. */
  forgetBefore(): void {
    this.#rows.forgetBefore();
  }

  #findOwner(): number {
    const { row } = this;
    if (row.isNull(ATTRIBUTE.sessionId)) return ORPHAN;
    const [start, end] = [row.start(ATTRIBUTE.sessionId), row.end(ATTRIBUTE.sessionId)];
    const first = Math.max(this.#last, 0);
    const near = Math.min(first + NEAR, this.#page.count);
    for (let place = first; place < near; place += 1)
      if (this.#page.hasId(place, start, end)) return (this.#last = place);
    this.#places ??= this.#page.placesById();
    const id = this.#page.buffer.bytes.toString("latin1", start, end);
    const owner = this.#places.get(id) ?? ORPHAN;
    if (owner !== ORPHAN) this.#last = owner;
    return owner;
  }
}
