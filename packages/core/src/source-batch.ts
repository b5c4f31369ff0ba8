import { twice } from "./bytes.js";
import type { Column } from "./column.js";
import { type IdKind, readSessionId, type SessionId } from "./session.js";

const NULL = -1;
const NO_BYTES = Buffer.alloc(0);

/** Whether the source says one thing of a session. */
const [NO_DOUBT, SHARED, AMBIGUOUS] = [0, 1, 2];

/** The id is the first of a store's columns, and so of its texts. */
export const ID_SLOT = 0;

/**
 * Sessions as the source holds them, each with what was looked up for it and its attributes, all of one moment: numbers
 * that say where the values of their columns lie in one buffer. An object for each session and a string for each text
 * would take several times as long as all the rest that is done to them.
 *
 * A value of a column that holds no time is its bytes: text as UTF-8, numbers and JSON as text, a flag as one byte whose
 * lowest bit is the flag. `Column.slot` says where it is kept.
 *
 * A batch is filled session by session: what belongs to one is set, then `complete` counts it.
 */
export class SourceBatch {
  /** Where all values lie; whoever fills the batch says so before it is read. */
  bytes: Buffer = NO_BYTES;
  readonly idKind: IdKind;
  readonly #textColumns: number;
  readonly #timeColumns: number;
  #count = 0;
  #attributes = 0;
  /** Start and end of each text. */
  #texts: Int32Array;
  /** Whole Unix milliseconds, rounded down, and the microseconds that are left. */
  #times: Float64Array;
  /** For each session: its size, whether another row has its id, and the number of attributes before its own. */
  #sizes = new Float64Array(64);
  #doubts = new Uint8Array(64);
  #attributesFrom = new Int32Array(65);
  /** Start and end of each key and its value. */
  #pairs = new Int32Array(256 * 4);

  constructor(columns: readonly Pick<Column, "kind">[]) {
    this.idKind = columns[ID_SLOT]?.kind === "bytes" ? "bytes" : "text";
    this.#timeColumns = columns.filter(({ kind }) => kind === "time").length;
    this.#textColumns = columns.length - this.#timeColumns;
    this.#texts = new Int32Array(64 * 2 * this.#textColumns);
    this.#times = new Float64Array(64 * 2 * this.#timeColumns);
    this.#reset();
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.bytes = NO_BYTES;
    [this.#count, this.#attributes] = [0, 0];
    this.#reset();
  }

  setText(slot: number, start: number, end: number): void {
    const at = 2 * (this.#count * this.#textColumns + slot);
    this.#texts[at] = start;
    this.#texts[at + 1] = end;
  }

  /** `milliseconds` may be infinite, as a time in SQL may. */
  setTime(slot: number, milliseconds: number, microseconds: number): void {
    const at = 2 * (this.#count * this.#timeColumns + slot);
    this.#times[at] = milliseconds;
    this.#times[at + 1] = microseconds;
  }

  /** Another row of the source has the same id. */
  setShared(): void {
    this.#doubts[this.#count] = SHARED;
  }

  /** A lookup holds several rows for it. */
  setAmbiguous(): void {
    if (this.#doubts[this.#count] === NO_DOUBT) this.#doubts[this.#count] = AMBIGUOUS;
  }

  /** A start of -1 is NULL. */
  addAttribute(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const at = 4 * this.#attributes;
    if (at === this.#pairs.length) this.#pairs = twice(this.#pairs);
    this.#pairs[at] = keyStart;
    this.#pairs[at + 1] = keyEnd;
    this.#pairs[at + 2] = valueStart;
    this.#pairs[at + 3] = valueEnd;
    this.#attributes += 1;
  }

  /** Attributes of the session that is being filled. */
  get pendingAttributes(): number {
    return this.#attributes - (this.#attributesFrom[this.#count] as number);
  }

  /** Drops those. */
  dropAttributes(): void {
    this.#attributes = this.#attributesFrom[this.#count] as number;
  }

  /** `bytes` of the whole session as read; Infinity where a value was too large to be read at all. */
  complete(bytes: number): void {
    this.#sizes[this.#count] = bytes;
    this.#count += 1;
    if (this.#count === this.#sizes.length) this.#grow();
    this.#reset();
  }

  /** Nothing is known yet of the session to come. */
  #reset(): void {
    const count = this.#count;
    this.#texts.fill(NULL, 2 * count * this.#textColumns, 2 * (count + 1) * this.#textColumns);
    this.#times.fill(
      Number.NaN,
      2 * count * this.#timeColumns,
      2 * (count + 1) * this.#timeColumns,
    );
    this.#doubts[count] = NO_DOUBT;
    this.#attributesFrom[count] = this.#attributes;
  }

  #grow(): void {
    this.#texts = twice(this.#texts);
    this.#times = twice(this.#times);
    this.#sizes = twice(this.#sizes);
    this.#doubts = twice(this.#doubts);
    this.#attributesFrom = twice(this.#attributesFrom);
  }

  id(session: number): SessionId {
    const [start, end] = [this.textStart(session, ID_SLOT), this.textEnd(session, ID_SLOT)];
    return readSessionId(this.idKind, this.bytes, start, end);
  }

  text(start: number, end: number): string {
    return this.bytes.toString("utf8", start, end);
  }

  /** -1 where it is NULL. */
  textStart(session: number, slot: number): number {
    return this.#texts[2 * (session * this.#textColumns + slot)] as number;
  }

  textEnd(session: number, slot: number): number {
    return this.#texts[2 * (session * this.#textColumns + slot) + 1] as number;
  }

  /** NaN where it is NULL. */
  milliseconds(session: number, slot: number): number {
    return this.#times[2 * (session * this.#timeColumns + slot)] as number;
  }

  microseconds(session: number, slot: number): number {
    return this.#times[2 * (session * this.#timeColumns + slot) + 1] as number;
  }

  /** Null where it is NULL. */
  flag(session: number, slot: number): boolean | null {
    const start = this.textStart(session, slot);
    return start === NULL ? null : ((this.bytes[start] as number) & 1) === 1;
  }

  isShared(session: number): boolean {
    return this.#doubts[session] === SHARED;
  }

  isAmbiguous(session: number): boolean {
    return this.#doubts[session] === AMBIGUOUS;
  }

  size(session: number): number {
    return this.#sizes[session] as number;
  }

  /** A session's attributes are those from here up to the next one's. */
  attributesFrom(session: number): number {
    return this.#attributesFrom[session] as number;
  }

  keyStart(attribute: number): number {
    return this.#pairs[4 * attribute] as number;
  }

  keyEnd(attribute: number): number {
    return this.#pairs[4 * attribute + 1] as number;
  }

  valueStart(attribute: number): number {
    return this.#pairs[4 * attribute + 2] as number;
  }

  valueEnd(attribute: number): number {
    return this.#pairs[4 * attribute + 3] as number;
  }
}
