declare const brand: unique symbol;

/** A session id is a credential: it never enters a job, log, metric, error, URL or page (see fingerprint.ts). */
export type SessionId = string & { readonly [brand]: "SessionId" };

/** One session as the target shall hold it: a hash and an absolute expiry. */
export interface TargetSession {
  readonly id: SessionId;
  /** name, value, name, value …: no name occurs twice. */
  readonly fields: readonly string[];
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
  /** As written to its field; null where the source has none. What the policy `newer` compares. */
  readonly lastActivityAt: string | null;
}

/** What the target holds under one session's key, as bytes, since the application may have written anything. */
export interface FoundSession {
  /** Redis type name; `none` where there is no such key. */
  readonly type: string;
  /** name, value, name, value …; empty unless the type is `hash`. */
  readonly fields: readonly Buffer[];
  /** Unix time in milliseconds; null where the key never expires. */
  readonly expiresAt: number | null;
}
