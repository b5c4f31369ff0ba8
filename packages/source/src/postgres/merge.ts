import type { SessionId } from "@rehome/core";
import { CopyRow, type RowPlace } from "./copy-rows.js";
import { type Growing, type Page, type SessionPlace, SessionReader } from "./page.js";
import { ATTRIBUTE, SESSION, SESSION_COLUMNS } from "./statement.js";

/** Loading is told of no more at a time, however small the sessions are. */
const MAX_BATCH_SESSIONS = 500;

/**
 * A page's sessions in the order in which their attributes follow: with the first attribute of one, all before
 * it are complete, and leave in batches.
 */
export class Merge {
  readonly #rows: readonly SessionPlace[];
  readonly #reader = new SessionReader();
  readonly #batchBytes: number;
  /** The session whose attributes are coming; before the first, none. The other row is the one after it. */
  #place = -1;
  readonly #next = new CopyRow(SESSION_COLUMNS);
  #session: Growing | null = null;
  #places: Map<SessionId, number> | null = null;
  #batch: Growing[] = [];
  #bytes = 0;
  readonly #full: Growing[][] = [];

  constructor(page: Page, batchBytes: number) {
    this.#rows = page.sessions;
    this.#batchBytes = batchBytes;
    this.#moveTo(-1);
  }

  /** The session an attribute belongs to; null for one that belongs to none, where no foreign key sees to that. */
  sessionOf(attribute: CopyRow): Growing | null {
    if (this.#session !== null && isOf(attribute, this.#reader.row)) return this.#session;
    const place = isOf(attribute, this.#next)
      ? this.#place + 1
      : this.#find(attribute.text(ATTRIBUTE.sessionId) as SessionId);
    if (place === undefined) return null;
    if (place <= this.#place) throw new Error("the attributes are not in the order of sessions");
    this.#moveTo(place);
    return this.#session;
  }

  /** No attribute is to come. */
  end(): void {
    this.#moveTo(this.#rows.length);
    if (this.#batch.length > 0) this.#full.push(this.#batch);
  }

  nextBatch(): Growing[] | undefined {
    return this.#full.shift();
  }

  /** All before it are complete. */
  #moveTo(place: number): void {
    while (this.#place < place && this.#place < this.#rows.length) {
      if (this.#session !== null) this.#complete(this.#session);
      this.#place += 1;
      const row = this.#rows[this.#place];
      this.#session = row === undefined ? null : this.#reader.read(row);
    }
    const next = this.#rows[this.#place + 1];
    if (next !== undefined) this.#next.move(next.buffer, next.at);
  }

  #complete(session: Growing): void {
    sortAttributes(session.attributes);
    this.#batch.push(session);
    this.#bytes += session.bytes;
    if (this.#bytes < this.#batchBytes && this.#batch.length < MAX_BATCH_SESSIONS) return;
    this.#full.push(this.#batch);
    [this.#batch, this.#bytes] = [[], 0];
  }

  #find(id: SessionId): number | undefined {
    this.#places ??= placesOf(this.#rows);
    return this.#places.get(id);
  }
}

function isOf(attribute: CopyRow, session: CopyRow): boolean {
  return attribute.equals(ATTRIBUTE.sessionId, session, SESSION.id);
}

function placesOf(rows: readonly RowPlace[]): Map<SessionId, number> {
  const row = new CopyRow(SESSION_COLUMNS);
  return new Map(
    rows.map(({ buffer, at }, place) => {
      row.move(buffer, at);
      return [row.text(SESSION.id) as SessionId, place];
    }),
  );
}

/**
 * By key, whatever plan and collation the server took: the JSON of the same attributes is to be the same text
 * each time, or verifying would find a difference where there is none.
 */
function sortAttributes(attributes: (string | null)[]): void {
  if (attributes.length > 2 * MAX_INSERTIONS) {
    sortMany(attributes);
    return;
  }
  for (let end = 2; end < attributes.length; end += 2) {
    for (let i = end; i > 0 && keyAt(attributes, i - 2) > keyAt(attributes, i); i -= 2) {
      const [key, value] = [keyAt(attributes, i), attributes[i + 1] ?? null];
      attributes.copyWithin(i, i - 2, i);
      [attributes[i - 2], attributes[i - 1]] = [key, value];
    }
  }
}

const MAX_INSERTIONS = 16;

function sortMany(attributes: (string | null)[]): void {
  const order = Array.from({ length: attributes.length / 2 }, (_, pair) => 2 * pair);
  order.sort((one, other) => (keyAt(attributes, one) < keyAt(attributes, other) ? -1 : 1));
  const sorted = order.flatMap((i) => [keyAt(attributes, i), attributes[i + 1] ?? null]);
  for (const [i, value] of sorted.entries()) attributes[i] = value;
}

function keyAt(attributes: readonly (string | null)[], i: number): string {
  return attributes[i] ?? "";
}
