import type { PoolClient } from "pg";
import { CopyOut } from "./copy-out.js";
import type { CopyRow } from "./copy-row.js";
import type { Page } from "./page.js";
import { ATTRIBUTE, ATTRIBUTE_COLUMNS } from "./statement.js";

/** The owner of a row that belongs to no session of the page: it is passed over before any. */
const ORPHAN = -1;
/** Beyond every session. */
const END = Infinity;
/** Few sessions in a row have no attributes: a row's owner is looked for in as many places before all are listed. */
const NEAR = 16;

/**
 * A cursor over the attributes of a page's sessions, which come in the sessions' order: one side of a merge join whose
 * other side is the page. The server alone can compare two ids, so a row's owner is found by equality.
 */
export class Attributes {
  /** The place of the session that the row under the cursor belongs to. */
  owner = ORPHAN;
  /** The session that the join is at; places only grow. */
  place = 0;
  readonly #rows: CopyOut;
  readonly #page: Page;
  /** Every session's place by its id, once a row belongs to none that is near. */
  #places: Map<string, number> | null = null;

  constructor(client: PoolClient, select: string, page: Page) {
    this.#page = page;
    this.#rows = CopyOut.run(client, select, ATTRIBUTE_COLUMNS, page.buffer);
  }

  /** The row under the cursor. */
  get row(): CopyRow {
    return this.#rows.row;
  }

  /** Bytes of the rows that were not forgotten. */
  get keptBytes(): number {
    return this.#rows.keptBytes;
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
    if (row.isNull(ATTRIBUTE.sessionId)) return ORPHAN;
    const [start, end] = [row.start(ATTRIBUTE.sessionId), row.end(ATTRIBUTE.sessionId)];
    const near = Math.min(this.place + NEAR, this.#page.count);
    for (let { place } = this; place < near; place += 1)
      if (this.#page.hasId(place, start, end)) return place;
    this.#places ??= this.#page.placesById();
    const owner =
      this.#places.get(this.#page.buffer.bytes.toString("latin1", start, end)) ?? ORPHAN;
    if (owner !== ORPHAN && owner < this.place)
      throw new Error("the attributes are not in the order of the sessions");
    return owner;
  }
}
