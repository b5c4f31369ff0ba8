import {
  type Mapping,
  makeTransform,
  type SessionId,
  SourceBatch,
  TEXT,
  TIME,
  type Transformed,
  TransformedBatch,
} from "../src/index.js";

/** SQL's `infinity` and `-infinity`: beyond every time a database can hold. */
export const INFINITE_FUTURE = 2n ** 64n;
export const INFINITE_PAST = -INFINITE_FUTURE;

/** A session of a batch as an object, SQL NULL as null. */
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
  readonly expiresAt: bigint;
  readonly theme: string | null;
  readonly language: string | null;
  readonly notificationsEnabled: boolean | null;
  /** key, value, key, value … */
  readonly attributes: readonly (string | null)[];
  /** As the source counts them, whatever the texts above are. */
  readonly bytes: number;
}

const TEXTS = Object.keys(TEXT) as (keyof typeof TEXT)[];
const TIMES = Object.keys(TIME) as (keyof typeof TIME)[];

/** No text touches another, and this is in none: whatever is read beyond an end shows. */
const GAP = Buffer.of(0xff);

/** In a new batch, or in one that is empty or was cleared. */
export function batchOf(
  sessions: readonly SourceSession[],
  batch = new SourceBatch(),
): SourceBatch {
  const pieces = [GAP];
  let size = GAP.length;
  const put = (text: string): [start: number, end: number] => {
    const bytes = Buffer.from(text);
    const start = size;
    pieces.push(bytes, GAP);
    size += bytes.length + GAP.length;
    return [start, start + bytes.length];
  };
  for (const session of sessions) {
    for (const name of TEXTS) {
      const text = session[name];
      if (text !== null) batch.setText(TEXT[name], ...put(text));
    }
    for (const name of TIMES) {
      const time = session[name];
      if (time !== null) batch.setTime(TIME[name], toMilliseconds(time), microsecondsOf(time));
    }
    if (session.notificationsEnabled !== null)
      batch.setNotificationsEnabled(session.notificationsEnabled);
    for (let i = 0; i < session.attributes.length; i += 2) {
      const value = session.attributes[i + 1] ?? null;
      const key = put(session.attributes[i] as string);
      const [start, end] = value === null ? [-1, -1] : put(value);
      batch.addAttribute(...key, start, end);
    }
    batch.complete(session.bytes);
  }
  batch.bytes = Buffer.concat(pieces);
  return batch;
}

/** Rounded down. */
export function toMilliseconds(time: bigint): number {
  if (time === INFINITE_FUTURE) return Infinity;
  if (time === INFINITE_PAST) return -Infinity;
  return Number((time - BigInt(microsecondsOf(time))) / 1000n);
}

/** What is left of a time beside its milliseconds. */
export function microsecondsOf(time: bigint): number {
  return Number(((time % 1000n) + 1000n) % 1000n);
}

/** What becomes of one session, in a batch of its own. */
export function transformOne(
  mapping: Mapping,
): (session: SourceSession, now: number) => Transformed {
  const transform = makeTransform(mapping);
  const into = new TransformedBatch();
  return (session, now) => {
    transform(batchOf([session]), now, into);
    return into.at(0);
  };
}
