import { isUtf8 } from "node:buffer";

declare const brand: unique symbol;

/**
 * A session id is a credential: it never enters a job, log, metric, error, URL or page (see fingerprint.ts). Where the
 * source holds bytes, it is `\x` and their hex digits, as PostgreSQL writes them.
 */
export type SessionId = string & { readonly [brand]: "SessionId" };

/** What the source holds as ids: a text, of which a uuid's is one, or bytes. */
export type IdKind = "text" | "bytes";

const HEX = String.raw`\x`;

export function readSessionId(kind: IdKind, bytes: Buffer, start: number, end: number): SessionId {
  const text =
    kind === "text" ? bytes.toString("utf8", start, end) : HEX + bytes.toString("hex", start, end);
  return text as SessionId;
}

/** The inverse of `readSessionId`. */
export function sessionIdBytes(kind: IdKind, id: SessionId): Buffer {
  return kind === "text" ? Buffer.from(id) : Buffer.from(id.slice(HEX.length), "hex");
}

/** A text; its bytes where they are no UTF-8. */
export type Text = string | Buffer;

export function readText(bytes: Buffer): Text {
  return isUtf8(bytes) ? bytes.toString() : Buffer.from(bytes);
}

export function textBytes(text: Text): Buffer {
  return typeof text === "string" ? Buffer.from(text) : text;
}

/** One session as the target shall hold it: a value and an absolute expiry. */
export interface TargetSession {
  readonly id: SessionId;
  /** name, value, name, value …: no name occurs twice. A string is the value of one field without a name. */
  readonly fields: readonly Text[];
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
  /** As written to its field; null where the source has none, or where expiries are compared. */
  readonly recency: string | null;
}

/** What the target holds under one session's key, as bytes, since the application may have written anything. */
export interface FoundSession {
  /** Redis type name; `none` where there is no such key. */
  readonly type: string;
  /** name, value, name, value …, a string as above; empty where it is of another type. */
  readonly fields: readonly Buffer[];
  /** Unix time in milliseconds; null where the key never expires. */
  readonly expiresAt: number | null;
}
