import { copyBytes, twice, withSlack } from "./bytes.js";
import type { Reject } from "./reject.js";
import {
  type IdKind,
  readSessionId,
  readText,
  type SessionId,
  sessionIdBytes,
  type TargetSession,
  type Text,
  textBytes,
} from "./session.js";

/**
 * What the target must be told about a session: write it; remove an older copy, since it has expired;
 * or nothing, since it is rejected.
 */
export type Transformed =
  | { readonly kind: "write"; readonly session: TargetSession }
  | {
      readonly kind: "expired";
      readonly id: SessionId;
      readonly expiresAt: number;
      readonly recency: string | null;
    }
  | { readonly kind: "rejected"; readonly reject: Reject };

export type TransformedKind = Transformed["kind"];

const KINDS: readonly TransformedKind[] = ["write", "expired", "rejected"];
const [WRITE, EXPIRED, REJECTED] = [0, 1, 2];

/** How many numbers are kept of each session, and of each field. */
const OF_SESSION = 5;
const [ID, ID_END, RECENCY, RECENCY_END, FIELDS_END] = [0, 1, 2, 3, 4];
const OF_FIELD = 4;
const NULL = -1;

/** What a larger session needed is not kept for all those after it. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;
const FIRST_BYTES = 64 * 1024;

/**
 * Transformed sessions, one after the other: numbers that say where ids, names and values lie in one buffer. A string is
 * the value of one field without a name. The batch is filled again and again: what was read of it is not to be used
 * after the next `clear`.
 *
 * A session's id is set first, then its fields, and `write`, `expire` or `reject` completes it.
 */
export class TransformedBatch {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #end = 0;
  #count = 0;
  #fields = 0;
  #kinds = new Uint8Array(64);
  #expiries = new Float64Array(64);
  #sessions = new Int32Array(64 * OF_SESSION);
  #positions = new Int32Array(1024 * OF_FIELD);
  readonly #rejects = new Map<number, Reject>();
  readonly #idKind: IdKind;

  constructor(idKind: IdKind = "text") {
    this.#idKind = idKind;
  }

  /** A batch of a few, from objects; the inverse of `at`. */
  static of(sessions: readonly Transformed[], idKind: IdKind = "text"): TransformedBatch {
    const batch = new TransformedBatch(idKind);
    for (const session of sessions) batch.#add(session);
    return batch;
  }

  #add(one: Transformed): void {
    const id = sessionIdBytes(this.#idKind, idOf(one));
    this.setId(id, 0, id.length);
    if (one.kind === "rejected") return this.reject(one.reject);
    const { recency, expiresAt } = one.kind === "write" ? one.session : one;
    if (recency !== null) {
      const bytes = Buffer.from(recency);
      this.setRecency(bytes, 0, bytes.length);
    }
    if (one.kind === "expired") return this.expire(expiresAt);
    const { fields } = one.session;
    for (let i = 0; i < fields.length; i += 2) {
      const value = textBytes(fields[i + 1] as Text);
      this.addField(textBytes(fields[i] as Text), value, 0, value.length);
    }
    this.write(expiresAt);
  }

  get count(): number {
    return this.#count;
  }

  /** Where all texts lie. Another one after something was written to it. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  clear(): void {
    [this.#end, this.#count, this.#fields] = [0, 0, 0];
    this.#rejects.clear();
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  /** Begins a session. */
  setId(bytes: Buffer, start: number, end: number): void {
    const at = this.#count * OF_SESSION;
    this.#sessions[at + ID] = this.#end;
    this.#copy(bytes, start, end);
    this.#sessions[at + ID_END] = this.#end;
    this.#sessions[at + RECENCY] = NULL;
  }

  /** A field, its value the bytes from `start` to `end` of `bytes`. */
  addField(name: Buffer, bytes: Buffer, start: number, end: number): void {
    const at = this.#fields * OF_FIELD;
    if (at === this.#positions.length) this.#positions = twice(this.#positions);
    const positions = this.#positions;
    positions[at] = this.#end;
    this.#copy(name, 0, name.length);
    positions[at + 1] = this.#end;
    positions[at + 2] = this.#end;
    this.#copy(bytes, start, end);
    positions[at + 3] = this.#end;
    this.#fields += 1;
  }

  /** Whether the session that is being filled has any. */
  get hasFields(): boolean {
    return this.#fields > this.fieldsFrom(this.#count);
  }

  /** What the policy `newer` compares, as it would be written to its field. */
  setRecency(bytes: Buffer, start: number, end: number): void {
    const at = this.#count * OF_SESSION;
    this.#sessions[at + RECENCY] = this.#end;
    this.#copy(bytes, start, end);
    this.#sessions[at + RECENCY_END] = this.#end;
  }

  /** The same, where it is the value of the field that was added last. */
  setRecencyToLastField(): void {
    const at = this.#count * OF_SESSION;
    this.#sessions[at + RECENCY] = this.valueStart(this.#fields - 1);
    this.#sessions[at + RECENCY_END] = this.valueEnd(this.#fields - 1);
  }

  /** Completes a session to be written, which expires at this Unix time in milliseconds. */
  write(expiresAt: number): void {
    this.#expiries[this.#count] = expiresAt;
    this.#complete(WRITE);
  }

  /** Completes one that expired at this time. */
  expire(expiresAt: number): void {
    this.#expiries[this.#count] = expiresAt;
    this.#complete(EXPIRED);
  }

  /** Completes one that is rejected. */
  reject(reject: Reject): void {
    this.#fields = this.fieldsFrom(this.#count);
    this.#rejects.set(this.#count, reject);
    this.#complete(REJECTED);
  }

  #complete(kind: number): void {
    this.#kinds[this.#count] = kind;
    this.#sessions[this.#count * OF_SESSION + FIELDS_END] = this.#fields;
    this.#count += 1;
    if (this.#count < this.#kinds.length) return;
    this.#kinds = twice(this.#kinds);
    this.#expiries = twice(this.#expiries);
    this.#sessions = twice(this.#sessions);
  }

  #copy(from: Buffer, start: number, end: number): void {
    const length = end - start;
    const at = this.#end;
    if (at + length > this.#bytes.length) this.#grow(at + length);
    copyBytes(from, start, end, this.#bytes, at);
    this.#end = at + length;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(withSlack(needed));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }

  kind(session: number): TransformedKind {
    return KINDS[this.#kinds[session] as number] as TransformedKind;
  }

  isWrite(session: number): boolean {
    return this.#kinds[session] === WRITE;
  }

  idStart(session: number): number {
    return this.#sessions[session * OF_SESSION + ID] as number;
  }

  idEnd(session: number): number {
    return this.#sessions[session * OF_SESSION + ID_END] as number;
  }

  id(session: number): SessionId {
    return readSessionId(this.#idKind, this.#bytes, this.idStart(session), this.idEnd(session));
  }

  /** Null where the source has none that can be written. */
  recency(session: number): string | null {
    const at = session * OF_SESSION;
    const start = this.#sessions[at + RECENCY] as number;
    const end = this.#sessions[at + RECENCY_END] as number;
    return start === NULL ? null : this.#bytes.toString("utf8", start, end);
  }

  /** Unix time in milliseconds; unknown where the session is rejected. */
  expiresAt(session: number): number {
    return this.#expiries[session] as number;
  }

  /** Null unless it is rejected. */
  rejectOf(session: number): Reject | null {
    return this.#rejects.get(session) ?? null;
  }

  /** Bytes of all its texts. */
  size(session: number): number {
    const next = session + 1;
    const end = next < this.#count ? this.idStart(next) : this.#end;
    return end - this.idStart(session);
  }

  /** A session's fields are those from here … */
  fieldsFrom(session: number): number {
    return session === 0 ? 0 : this.fieldsTo(session - 1);
  }

  /** … up to here. */
  fieldsTo(session: number): number {
    return this.#sessions[session * OF_SESSION + FIELDS_END] as number;
  }

  nameStart(field: number): number {
    return this.#positions[field * OF_FIELD] as number;
  }

  nameEnd(field: number): number {
    return this.#positions[field * OF_FIELD + 1] as number;
  }

  valueStart(field: number): number {
    return this.#positions[field * OF_FIELD + 2] as number;
  }

  valueEnd(field: number): number {
    return this.#positions[field * OF_FIELD + 3] as number;
  }

  name(field: number): Text {
    return readText(this.#bytes.subarray(this.nameStart(field), this.nameEnd(field)));
  }

  value(field: number): Text {
    return readText(this.#bytes.subarray(this.valueStart(field), this.valueEnd(field)));
  }

  /** One session as an object, for whoever handles few of them. */
  at(session: number): Transformed {
    const reject = this.rejectOf(session);
    if (reject !== null) return { kind: "rejected", reject };
    const [id, recency] = [this.id(session), this.recency(session)];
    const expiresAt = this.expiresAt(session);
    if (!this.isWrite(session)) return { kind: "expired", id, expiresAt, recency };
    const fields: Text[] = [];
    for (let field = this.fieldsFrom(session); field < this.fieldsTo(session); field += 1)
      fields.push(this.name(field), this.value(field));
    return { kind: "write", session: { id, fields, expiresAt, recency } };
  }
}

function idOf(one: Transformed): SessionId {
  switch (one.kind) {
    case "write":
      return one.session.id;
    case "expired":
      return one.id;
    case "rejected":
      return one.reject.id;
  }
}
