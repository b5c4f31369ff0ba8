import {
  type Column,
  readSessionId,
  type ResolvedStore,
  sameBytes,
  type SessionId,
  type SourceBatch,
} from "@rehome/core";
import type { PoolClient } from "pg";
import { CopyOut } from "./copy-out.js";
import { CopyRow } from "./copy-row.js";
import { LookedUp } from "./looked-up.js";
import type { Match } from "./match.js";
import type { ReadBuffer } from "./read-buffer.js";
import { RowLayout } from "./row-layout.js";
import { columnsOfTable, FIRST_COLUMN, ID, selectSessions, WITHHELD } from "./statement.js";

/** Sessions in order, with the rows looked up for them: where these lie in the buffer. */
export class Page {
  readonly buffer: ReadBuffer;
  /** Left out, to be read one by one: together they might not fit in memory. */
  readonly large = new Set<SessionId>();
  /** The id of the last session in order, a large one or not. */
  lastId: SessionId | null = null;
  /** How many rows were read. */
  read = 0;
  readonly #rows: number[] = [];
  readonly #layout: RowLayout;
  readonly #lookups: LookedUp[];
  readonly #isUnique: boolean;
  readonly #shared = new Set<number>();
  readonly #row: CopyRow;

  constructor(buffer: ReadBuffer, store: ResolvedStore) {
    this.buffer = buffer;
    const columns = columnsOfTable(store, 0);
    this.#layout = new RowLayout(columns, FIRST_COLUMN);
    this.#row = new CopyRow(this.#layout.width);
    this.#lookups = LookedUp.allOf(store, columns);
    this.#isUnique = store.isUnique;
  }

  get count(): number {
    return this.#rows.length;
  }

  get width(): number {
    return this.#layout.width;
  }

  addSession(row: CopyRow, rowStart: number): void {
    const place = this.#rows.length;
    if (!this.#isUnique && place > 0 && this.#hasIdOf(place - 1, row))
      this.#shared.add(place - 1).add(place);
    this.#rows.push(rowStart);
    for (const lookup of this.#lookups) lookup.addSession(row, this.buffer.bytes);
  }

  #hasIdOf(place: number, row: CopyRow): boolean {
    this.moveTo(place, this.#row);
    return hasSameId(this.buffer.bytes, this.#row, ID, row, ID);
  }

  /** One look-up for each key, however many sessions have it. */
  async readLookups(client: PoolClient, bytes: number): Promise<void> {
    for (const lookup of this.#lookups) await lookup.read(client, this.buffer, bytes);
  }

  /** Moves a cursor to a session. */
  moveTo(place: number, row: CopyRow): void {
    row.move(this.buffer.bytes, this.#rows[place] as number);
  }

  /** Fills the batch's next session with all but its attributes; returns of how many bytes that is. */
  fill(place: number, batch: SourceBatch): number {
    const { bytes } = this.buffer;
    const row = this.#row;
    this.moveTo(place, row);
    batch.setText(0, row.start(ID), row.end(ID));
    this.#layout.fill(batch, row, bytes);
    if (this.#shared.has(place)) batch.setShared();
    let size = row.isTrue(bytes, WITHHELD) ? Infinity : row.size;
    for (const lookup of this.#lookups) size += lookup.fill(place, batch, bytes);
    return size;
  }
}

/** Whether two rows have the same session id, each in its column. */
export function hasSameId(
  bytes: Buffer,
  one: CopyRow,
  column: number,
  other: CopyRow,
  otherColumn: number,
): boolean {
  return sameBytes(
    bytes,
    one.start(column),
    one.end(column),
    bytes,
    other.start(otherColumn),
    other.end(otherColumn),
  );
}

export interface PageLimits {
  readonly sessions: number;
  /** A row of more bytes is left out of the page, unless it is over the limit of all sessions. */
  readonly rowBytes: number;
  readonly maxSessionBytes: number;
}

/** The first sessions that match, in order, into a buffer that is cleared before. */
export async function readPage(
  client: PoolClient,
  buffer: ReadBuffer,
  store: ResolvedStore,
  match: Match,
  { sessions: most, rowBytes, maxSessionBytes }: PageLimits,
): Promise<Page> {
  const bytes = Math.min(rowBytes, maxSessionBytes);
  buffer.clear();
  const page = new Page(buffer, store);
  const sessions = CopyOut.run(
    client,
    selectSessions(store, match, bytes, most),
    page.width,
    buffer,
  );
  const { row } = sessions;
  const idOf = makeIdReader(store.columns);
  while (await sessions.more()) {
    while (sessions.next()) {
      page.read += 1;
      if (row.isTrue(buffer.bytes, WITHHELD) && bytes < maxSessionBytes)
        page.large.add(idOf(row, buffer.bytes));
      else page.addSession(row, sessions.rowStart);
    }
  }
  // The cursor stays at the last row.
  if (page.read > 0) page.lastId = idOf(row, buffer.bytes);
  await page.readLookups(client, maxSessionBytes);
  return page;
}

/** Reads the session id of a row that begins with it. */
export function makeIdReader(
  columns: readonly Column[],
): (row: CopyRow, bytes: Buffer) => SessionId {
  const kind = columns[0]?.kind === "bytes" ? "bytes" : "text";
  return (row, bytes) => readSessionId(kind, bytes, row.start(ID), row.end(ID));
}
