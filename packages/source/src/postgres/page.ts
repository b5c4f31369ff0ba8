import {
  readSessionId,
  type ResolvedStore,
  type SessionId,
  type SourceBatch,
  sameBytes,
} from "@rehome/core";
import type { PoolClient } from "pg";
import type { RowStream } from "./row-stream.js";
import { CopyRow, firstColumn, int32 } from "./copy-row.js";
import { LookedUp } from "./looked-up.js";
import type { ReadBuffer } from "./read-buffer.js";
import { RowLayout } from "./row-layout.js";
import { columnsOfTable, FIRST_COLUMN, ID, WITHHELD } from "./statement.js";

/** Sessions with the rows looked up for them: where these lie in the buffer. */
export class Page {
  readonly buffer: ReadBuffer;
  /** Where the row of each session begins. */
  readonly #rows: number[] = [];
  readonly #row: CopyRow;
  readonly #layout: RowLayout;
  readonly #lookups: readonly LookedUp[];
  readonly #isLookedUp: boolean;
  readonly #idKind: "text" | "bytes";
  readonly #isUnique: boolean;
  /** Places of sessions that share their id with a neighbour. */
  readonly #shared = new Set<number>();
  /** Places of sessions of which a long value was withheld. */
  readonly #withheld = new Set<number>();
  readonly #large = new Set<number>();

  /** `lookups`: what was looked up beforehand; null: it is to be read for this page. */
  constructor(buffer: ReadBuffer, store: ResolvedStore, lookups: readonly LookedUp[] | null) {
    this.buffer = buffer;
    this.#isLookedUp = lookups !== null;
    this.#lookups = lookups ?? LookedUp.allOf(store);
    for (const lookup of this.#lookups) lookup.beginPage();
    this.#layout = new RowLayout(columnsOfTable(store, 0), FIRST_COLUMN);
    this.#row = new CopyRow(this.#layout.width);
    this.#idKind = store.columns[0]?.kind === "bytes" ? "bytes" : "text";
    this.#isUnique = store.isUnique;
  }

  get count(): number {
    return this.#rows.length;
  }

  /** Columns of a session's row. */
  get width(): number {
    return this.#layout.width;
  }

  addSession(row: CopyRow, rowStart: number): void {
    const place = this.#rows.length;
    if (!this.#isUnique && place > 0 && this.hasId(place - 1, row.start(ID), row.end(ID)))
      this.#shared.add(place - 1).add(place);
    if (row.isTrue(this.buffer.bytes, WITHHELD)) this.#withheld.add(place);
    this.#rows.push(rowStart);
    for (const lookup of this.#lookups) lookup.addSession(row, this.buffer.bytes);
  }

  /** Whether a session's id is what lies there in the buffer. */
  hasId(place: number, start: number, end: number): boolean {
    const { bytes } = this.buffer;
    const idStart = firstColumn(this.#rows[place] as number);
    return sameBytes(bytes, idStart, idStart + int32(bytes, idStart - 4), bytes, start, end);
  }

  /** One look-up for each key, however many sessions have it. */
  async readLookups(client: PoolClient, bytes: number): Promise<void> {
    for (const lookup of this.#lookups) {
      if (!this.#isLookedUp) await lookup.read(client, this.buffer, bytes);
      for (const place of lookup.withheldPlaces(this.count)) this.#withheld.add(place);
    }
  }

  /**
   * Leaves out each session of which a value was withheld, to be read later, a few at a time: together they might not fit
   * in memory. One that shares its id stays, since it is rejected whatever its values are.
   */
  leaveOutLarge(): void {
    for (const place of this.#withheld) if (!this.#shared.has(place)) this.#large.add(place);
  }

  isLarge(place: number): boolean {
    return this.#large.has(place);
  }

  get largeIds(): SessionId[] {
    return [...this.#large].map((place) => this.#idAt(place));
  }

  get ids(): SessionId[] {
    return this.#rows.map((_, place) => this.#idAt(place));
  }

  /** The ids of the first session and of the last; null where there is none. */
  get firstId(): SessionId | null {
    return this.count === 0 ? null : this.#idAt(0);
  }

  get lastId(): SessionId | null {
    return this.count === 0 ? null : this.#idAt(this.count - 1);
  }

  /** The places of all sessions by the bytes of their ids, which stand for themselves as Latin-1. */
  placesById(): Map<string, number> {
    const { bytes } = this.buffer;
    const places = new Map<string, number>();
    for (const [place, row] of this.#rows.entries()) {
      const start = firstColumn(row);
      places.set(bytes.toString("latin1", start, start + int32(bytes, start - 4)), place);
    }
    return places;
  }

  #idAt(place: number): SessionId {
    const { bytes } = this.buffer;
    const start = firstColumn(this.#rows[place] as number);
    return readSessionId(this.#idKind, bytes, start, start + int32(bytes, start - 4));
  }

  /** Fills the batch's next session with all but its attributes; returns of how many bytes that is. */
  fill(place: number, batch: SourceBatch): number {
    const { bytes } = this.buffer;
    const row = this.#row;
    row.move(bytes, this.#rows[place] as number);
    batch.setText(0, row.start(ID), row.end(ID));
    this.#layout.fill(batch, row, bytes);
    if (this.#shared.has(place)) batch.setShared();
    let size = row.isTrue(bytes, WITHHELD) ? Infinity : row.size;
    for (const lookup of this.#lookups) size += lookup.fill(place, batch, bytes);
    return size;
  }
}

/** Values longer than `valueBytes` were withheld by `sessions`, which adds to a buffer that was cleared before. */
export async function readPage(
  client: PoolClient,
  page: Page,
  sessions: RowStream,
  {
    valueBytes,
    maxSessionBytes,
  }: { readonly valueBytes: number; readonly maxSessionBytes: number },
): Promise<Page> {
  while (await sessions.more())
    while (sessions.next()) page.addSession(sessions.row, sessions.rowStart);
  await page.readLookups(client, valueBytes);
  // A session is left out for a longer value, unless that is over the limit of all sessions.
  if (valueBytes < maxSessionBytes) page.leaveOutLarge();
  return page;
}
