import { type SessionId, type SourceBatch, TEXT, TIME } from "@rehome/core";

/** Beyond every time a database can hold. */
export const INFINITE_FUTURE = 2n ** 64n;
export const INFINITE_PAST = -INFINITE_FUTURE;

/** A session of a batch as an object. */
export interface SourceSession {
  readonly id: SessionId;
  readonly userId: string | null;
  readonly username: string | null;
  readonly email: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** In microseconds. */
  readonly createdAt: bigint | null;
  readonly lastActivityAt: bigint | null;
  readonly expiresAt: bigint | null;
  readonly theme: string | null;
  readonly language: string | null;
  readonly notificationsEnabled: boolean | null;
  /** key, value, key, value … */
  readonly attributes: readonly (string | null)[];
  readonly bytes: number;
}

export function sessionsOf(batch: SourceBatch): SourceSession[] {
  return Array.from({ length: batch.count }, (_, i) => sessionAt(batch, i));
}

function sessionAt(batch: SourceBatch, session: number): SourceSession {
  const between = (start: number, end: number) => (start === -1 ? null : batch.text(start, end));
  const text = (column: number) =>
    between(batch.textStart(session, column), batch.textEnd(session, column));
  const time = (column: number) =>
    instantOf(batch.milliseconds(session, column), batch.microseconds(session, column));
  const attributes: (string | null)[] = [];
  for (let i = batch.attributesFrom(session); i < batch.attributesFrom(session + 1); i += 1) {
    attributes.push(batch.text(batch.keyStart(i), batch.keyEnd(i)));
    attributes.push(between(batch.valueStart(i), batch.valueEnd(i)));
  }
  return {
    id: batch.id(session),
    userId: text(TEXT.userId),
    username: text(TEXT.username),
    email: text(TEXT.email),
    ipAddress: text(TEXT.ipAddress),
    userAgent: text(TEXT.userAgent),
    createdAt: time(TIME.createdAt),
    lastActivityAt: time(TIME.lastActivityAt),
    expiresAt: time(TIME.expiresAt),
    theme: text(TEXT.theme),
    language: text(TEXT.language),
    notificationsEnabled: batch.notificationsEnabled(session),
    attributes,
    bytes: batch.size(session),
  };
}

function instantOf(milliseconds: number, microseconds: number): bigint | null {
  if (Number.isNaN(milliseconds)) return null;
  if (milliseconds === Infinity) return INFINITE_FUTURE;
  if (milliseconds === -Infinity) return INFINITE_PAST;
  return BigInt(milliseconds) * 1000n + BigInt(microseconds);
}
