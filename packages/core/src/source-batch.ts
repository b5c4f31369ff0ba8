import { twice } from "./bytes.js";
import type { SessionId } from "./session.js";

/** The texts of a session beside its attributes. */
export const TEXT = {
  id: 0,
  userId: 1,
  username: 2,
  email: 3,
  ipAddress: 4,
  userAgent: 5,
  theme: 6,
  language: 7,
} as const;
export const TIME = { createdAt: 0, lastActivityAt: 1, expiresAt: 2 } as const;

const TEXTS = 8;
const TIMES = 3;
const NULL = -1;
const NO_BYTES = Buffer.alloc(0);

/**
 * Sessions as the source holds them, each with its user, preferences and attributes, all of one moment: numbers
 * that say where their texts lie in one buffer, as UTF-8. An object for each session and a string for each text
 * would take several times as long as all the rest that is done to them. Number-like columns come in text form.
 *
 * It is filled session by session: what belongs to one is set, then `complete` counts it.
 */
export class SourceBatch {
  /** Where all texts lie; whoever fills it says so before it is read. */
  bytes: Buffer = NO_BYTES;
  #count = 0;
  #attributes = 0;
  /** Start and end of each text. */
  #texts = new Int32Array(64 * 2 * TEXTS);
  /** Whole Unix milliseconds, rounded down, and the microseconds that are left. */
  #times = new Float64Array(64 * 2 * TIMES);
  /** What else there is of a session: its size, its flag, and the number of attributes before its own. */
  #sizes = new Float64Array(64);
  #enabled = new Int8Array(64);
  #attributesFrom = new Int32Array(65);
  /** Start and end of each key and its value. */
  #pairs = new Int32Array(256 * 4);

  constructor() {
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

  setText(text: number, start: number, end: number): void {
    const at = 2 * (this.#count * TEXTS + text);
    this.#texts[at] = start;
    this.#texts[at + 1] = end;
  }

  /** `milliseconds` may be infinite, as a time in SQL may. */
  setTime(time: number, milliseconds: number, microseconds: number): void {
    const at = 2 * (this.#count * TIMES + time);
    this.#times[at] = milliseconds;
    this.#times[at + 1] = microseconds;
  }

  setNotificationsEnabled(enabled: boolean): void {
    this.#enabled[this.#count] = enabled ? 1 : 0;
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

  /** Of the session that is being filled. */
  get pendingAttributes(): number {
    return this.#attributes - (this.#attributesFrom[this.#count] as number);
  }

  /** Of that session as well. */
  dropAttributes(): void {
    this.#attributes = this.#attributesFrom[this.#count] as number;
  }

  /** `bytes` of all of it as read; Infinity where a value was too large to be read at all. */
  complete(bytes: number): void {
    this.#sizes[this.#count] = bytes;
    this.#count += 1;
    if (this.#count === this.#sizes.length) this.#grow();
    this.#reset();
  }

  /** Nothing is known yet of the session to come. */
  #reset(): void {
    const count = this.#count;
    for (let text = 0; text < TEXTS; text += 1) this.#texts[2 * (count * TEXTS + text)] = NULL;
    for (let time = 0; time < TIMES; time += 1)
      this.#times[2 * (count * TIMES + time)] = Number.NaN;
    this.#enabled[count] = NULL;
    this.#attributesFrom[count] = this.#attributes;
  }

  #grow(): void {
    this.#texts = twice(this.#texts);
    this.#times = twice(this.#times);
    this.#sizes = twice(this.#sizes);
    this.#enabled = twice(this.#enabled);
    this.#attributesFrom = twice(this.#attributesFrom);
  }

  id(session: number): SessionId {
    return this.text(this.textStart(session, TEXT.id), this.textEnd(session, TEXT.id)) as SessionId;
  }

  text(start: number, end: number): string {
    return this.bytes.toString("utf8", start, end);
  }

  /** -1 where it is NULL. */
  textStart(session: number, text: number): number {
    return this.#texts[2 * (session * TEXTS + text)] as number;
  }

  textEnd(session: number, text: number): number {
    return this.#texts[2 * (session * TEXTS + text) + 1] as number;
  }

  /** NaN where it is NULL. */
  milliseconds(session: number, time: number): number {
    return this.#times[2 * (session * TIMES + time)] as number;
  }

  microseconds(session: number, time: number): number {
    return this.#times[2 * (session * TIMES + time) + 1] as number;
  }

  notificationsEnabled(session: number): boolean | null {
    const enabled = this.#enabled[session];
    return enabled === NULL ? null : enabled === 1;
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
