import { sameBytes, type SessionId, type SourceBatch } from "@rehome/core";
import { CopyRow } from "./copy-row.js";
import type { Page } from "./page.js";
import { ATTRIBUTE, SESSION, SESSION_COLUMNS } from "./statement.js";

/** Loading is told of no more at a time, however small the sessions are. */
const MAX_BATCH_SESSIONS = 2_000;

/** Where an attribute belongs to no session: no foreign key sees to that. */
export const NO_SESSION = -1;

/**
 * Gives a page's sessions their attributes, which follow in the same order: with the first attribute of one
 * session, all before it are complete.
 */
export class Merge {
  readonly #batch: SourceBatch;
  readonly #page: Page;
  readonly #batchBytes: number;
  readonly #maxSessionBytes: number;
  /** The session whose attributes are coming, and the one after it. */
  #place = 0;
  readonly #session = new CopyRow(SESSION_COLUMNS);
  readonly #next = new CopyRow(SESSION_COLUMNS);
  /** Of the attributes of that session. */
  #attributeBytes = 0;
  #batchSize = 0;
  #places: Map<SessionId, number> | null = null;

  constructor(page: Page, batch: SourceBatch, batchBytes: number, maxSessionBytes: number) {
    this.#page = page;
    this.#batch = batch;
    batch.clear();
    this.#batchBytes = batchBytes;
    this.#maxSessionBytes = maxSessionBytes;
    this.#moveTo(0);
  }

  /** The place of the session an attribute belongs to. */
  placeOf(attribute: CopyRow): number {
    if (attribute.isNull(ATTRIBUTE.sessionId)) return NO_SESSION;
    const { bytes } = this.#page.buffer;
    const { count } = this.#page;
    if (this.#place < count && isOf(bytes, attribute, this.#session)) return this.#place;
    if (this.#place + 1 < count && isOf(bytes, attribute, this.#next)) return this.#place + 1;
    this.#places ??= this.#findPlaces();
    const id = attribute.text(bytes, ATTRIBUTE.sessionId) as SessionId;
    const place = this.#places.get(id) ?? NO_SESSION;
    if (place !== NO_SESSION && place < this.#place)
      throw new Error("the attributes are not in the order of sessions");
    return place;
  }

  #findPlaces(): Map<SessionId, number> {
    const { bytes } = this.#page.buffer;
    const places = new Map<SessionId, number>();
    for (let place = 0; place < this.#page.count; place += 1) {
      this.#page.moveTo(place, this.#next);
      places.set(this.#next.text(bytes, SESSION.id) as SessionId, place);
    }
    this.#moveTo(this.#place);
    return places;
  }

  /** With an attribute of no session, the one that had begun is complete as well. */
  get afterBegun(): number {
    return this.#attributeBytes === 0 ? this.#place : this.#place + 1;
  }

  /** Completes the sessions before a place; false when the batch is full, before it is given more. */
  completeBefore(place: number): boolean {
    while (this.#place < place) {
      this.#page.complete(this.#place, this.#attributeBytes, this.#batch);
      this.#batchSize += this.#batch.size(this.#batch.count - 1);
      this.#attributeBytes = 0;
      this.#moveTo(this.#place + 1);
      if (this.#batchSize >= this.#batchBytes || this.#batch.count >= MAX_BATCH_SESSIONS)
        return false;
    }
    return true;
  }

  /** To the session reached; of one that has become larger than any that is read, none are kept. */
  add(attribute: CopyRow): void {
    const { bytes } = this.#page.buffer;
    this.#attributeBytes += attribute.isTrue(bytes, ATTRIBUTE.withheld) ? Infinity : attribute.size;
    if (this.#attributeBytes > this.#maxSessionBytes) {
      this.#attributeBytes = Infinity;
      this.#batch.dropAttributes();
    } else {
      this.#batch.addAttribute(
        attribute.start(ATTRIBUTE.key),
        attribute.end(ATTRIBUTE.key),
        attribute.start(ATTRIBUTE.value),
        attribute.end(ATTRIBUTE.value),
      );
    }
  }

  clear(): void {
    this.#batch.clear();
    this.#batchSize = 0;
  }

  #moveTo(place: number): void {
    this.#place = place;
    const { count } = this.#page;
    if (place < count) this.#page.moveTo(place, this.#session);
    if (place + 1 < count) this.#page.moveTo(place + 1, this.#next);
  }
}

function isOf(bytes: Buffer, attribute: CopyRow, session: CopyRow): boolean {
  return sameBytes(
    bytes,
    attribute.start(ATTRIBUTE.sessionId),
    attribute.end(ATTRIBUTE.sessionId),
    bytes,
    session.start(SESSION.id),
    session.end(SESSION.id),
  );
}
