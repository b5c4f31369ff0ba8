import type { ResolvedStore, SourceBatch } from "@rehome/core";
import type { PoolClient } from "pg";
import { RowStream } from "./row-stream.js";
import { CopyRow } from "./copy-row.js";
import type { ReadBuffer } from "./read-buffer.js";
import { RowLayout } from "./row-layout.js";
import type { Rows } from "./rows.js";
import {
  columnsOfTable,
  FIRST_COLUMN,
  type Key,
  KEY,
  placeInRow,
  selectLookup,
  selectLookupOf,
  WITHHELD,
} from "./statement.js";

const NONE = -1;

/** Keys that sessions have in one of their columns: each once, with a number. */
class Keys {
  /** The row's column. */
  readonly #column: number;
  readonly #numbers = new Map<Key, number>();
  /** For each session of the page, its key's number. */
  #ofSession: number[] = [];

  constructor(column: number) {
    this.#column = column;
  }

  get all(): Key[] {
    return [...this.#numbers.keys()];
  }

  add(row: CopyRow, bytes: Buffer): void {
    if (row.isNull(this.#column)) this.#ofSession.push(NONE);
    else this.#ofSession.push(this.numberOf(readKey(bytes, row, this.#column)));
  }

  beginPage(): void {
    this.#ofSession = [];
  }

  numberOf(key: Key): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    return number;
  }

  ofSession(place: number): number {
    return this.#ofSession[place] as number;
  }
}

/** The rows of one lookup, for the sessions of a page or of several pages. */
export class LookedUp {
  readonly #store: ResolvedStore;
  readonly #lookup: number;
  readonly #layout: RowLayout;
  readonly #row: CopyRow;
  readonly #keys: Keys;
  /** Several lookups may share their keys: one of them adds the sessions'. */
  readonly #addsKeys: boolean;
  /** Where the row of each key begins; none where that is not set. */
  readonly #rows: number[] = [];
  /** Keys by their numbers: those of which a long value was withheld, and those that have several rows. */
  readonly #withheld = new Set<number>();
  readonly #ambiguous = new Set<number>();

  /** One for each lookup of the store. */
  static allOf(store: ResolvedStore): LookedUp[] {
    const keys = new Map<string, Keys>();
    return store.lookups.map(({ from }, lookup) => {
      const known = keys.get(from);
      const own = known ?? new Keys(placeInRow(store, from));
      keys.set(from, own);
      return new LookedUp(store, lookup, own, known === undefined);
    });
  }

  private constructor(store: ResolvedStore, lookup: number, keys: Keys, addsKeys: boolean) {
    this.#store = store;
    this.#lookup = lookup;
    this.#layout = new RowLayout(columnsOfTable(store, lookup + 1), FIRST_COLUMN);
    this.#row = new CopyRow(this.#layout.width);
    this.#keys = keys;
    this.#addsKeys = addsKeys;
  }

  /** Forgets the sessions, and not the rows. */
  beginPage(): void {
    if (this.#addsKeys) this.#keys.beginPage();
  }

  addSession(row: CopyRow, bytes: Buffer): void {
    if (this.#addsKeys) this.#keys.add(row, bytes);
  }

  /** Reads the rows of the sessions that were added. */
  async read(client: PoolClient, buffer: ReadBuffer, bytes: number): Promise<void> {
    const keys = this.#keys.all;
    if (keys.length === 0) return;
    await this.#add(client, buffer, selectLookup(this.#store, this.#lookup, keys, bytes), Infinity);
  }

  /** Reads those of all these rows of the sessions' table beforehand; false where they take more than so many bytes. */
  async readFor(
    client: PoolClient,
    buffer: ReadBuffer,
    rows: Rows,
    bytes: number,
    mostBytes: number,
  ): Promise<boolean> {
    const select = selectLookupOf(this.#store, this.#lookup, rows, bytes);
    return await this.#add(client, buffer, select, mostBytes);
  }

  async #add(
    client: PoolClient,
    buffer: ReadBuffer,
    select: string,
    mostBytes: number,
  ): Promise<boolean> {
    const rows = RowStream.copy(client, select, this.#layout.width, buffer);
    let fits = true;
    while (await rows.more()) {
      while (rows.next()) {
        fits &&= rows.keptBytes <= mostBytes;
        if (!fits) continue;
        const number = this.#keys.numberOf(readKey(buffer.bytes, rows.row, KEY));
        if (this.#rows[number] !== undefined) this.#ambiguous.add(number);
        this.#rows[number] = rows.rowStart;
        if (rows.row.isTrue(buffer.bytes, WITHHELD)) this.#withheld.add(number);
      }
      if (!fits) rows.forgetRead();
    }
    return fits;
  }

  /** The places of the first `sessions` whose row was not read whole. */
  *withheldPlaces(sessions: number): Generator<number> {
    if (this.#withheld.size === 0) return;
    for (let place = 0; place < sessions; place += 1)
      if (this.#withheld.has(this.#keys.ofSession(place))) yield place;
  }

  /** Gives the batch's next session its row; returns of how many bytes that is. */
  fill(place: number, batch: SourceBatch, bytes: Buffer): number {
    const number = this.#keys.ofSession(place);
    const start = number === NONE ? undefined : this.#rows[number];
    if (start === undefined) return 0;
    if (this.#ambiguous.has(number)) batch.setAmbiguous();
    const row = this.#row;
    row.move(bytes, start);
    this.#layout.fill(batch, row, bytes);
    return row.isTrue(bytes, WITHHELD) ? Infinity : row.size;
  }
}

const [ZERO, NINE] = [48, 57];
const MAX_DIGITS = 15;

/** The number itself where it is one whose text is its only one, as far as doubles are exact. */
function readKey(bytes: Buffer, row: CopyRow, column: number): Key {
  const [start, end] = [row.start(column), row.end(column)];
  const digits = end - start;
  const isNumber = digits > 0 && digits <= MAX_DIGITS && (digits === 1 || bytes[start] !== ZERO);
  if (!isNumber) return bytes.toString("utf8", start, end);
  let number = 0;
  for (let i = start; i < end; i += 1) {
    const digit = bytes[i] as number;
    if (digit < ZERO || digit > NINE) return bytes.toString("utf8", start, end);
    number = number * 10 + digit - ZERO;
  }
  return number;
}
