import type { Instant } from "./time.js";

declare const brand: unique symbol;

/** A session id is a credential: it never enters a job, log, metric, error, URL or page (see fingerprint.ts). */
export type SessionId = string & { readonly [brand]: "SessionId" };

/**
 * One session as the source holds it, with its user, preferences and attributes, all of one moment.
 * SQL NULL is null; every number-like column arrives in its text form.
 */
export interface SourceSession {
  readonly id: SessionId;
  readonly userId: string | null;
  readonly username: string | null;
  readonly email: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly createdAt: Instant | null;
  readonly lastActivityAt: Instant | null;
  readonly expiresAt: Instant;
  readonly theme: string | null;
  readonly language: string | null;
  readonly notificationsEnabled: boolean | null;
  /** key, value, key, value …: flat, because an object a row is what makes reading slow. */
  readonly attributes: readonly (string | null)[];
  /** Bytes of everything above as read; Infinity when a value was too large to be read at all. */
  readonly bytes: number;
}

/** One session as the target shall hold it: a hash and an absolute expiry. */
export interface TargetSession {
  readonly id: SessionId;
  /** name, value, name, value …: no name occurs twice. */
  readonly fields: readonly string[];
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
  /** As written to its field; null where the source has none. What the policy `newer` compares. */
  readonly lastActivityAt: string | null;
  /** Bytes of names and values, near enough to bound a batch with. */
  readonly bytes: number;
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
