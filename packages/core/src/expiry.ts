import { columnOf, type ResolvedStore } from "./column.js";
import type { SourceBatch } from "./source-batch.js";

/** When a session expires, as whole Unix milliseconds, rounded down: NaN where the source has nothing, ±Infinity as in SQL. */
export interface SessionExpiry {
  milliseconds(sessions: SourceBatch, session: number): number;
  /** What is left of it, from 0 to 999. */
  microseconds(sessions: SourceBatch, session: number): number;
}

/** `startedAt` is when the run started, in Unix milliseconds by the target's clock: rows without an expiry count from it. */
export function makeExpiry(store: ResolvedStore, startedAt: number): SessionExpiry {
  const { column: name, as, plusSeconds, ifMissing } = store.sessions.expires;
  const { slot } = columnOf(store, 0, name);
  const missing = ifMissing === null ? Number.NaN : startedAt + ifMissing * 1000;
  const added = plusSeconds * 1000;
  if (as === "time") {
    return {
      milliseconds(sessions, session) {
        const time = sessions.milliseconds(session, slot);
        return Number.isNaN(time) ? missing : time + added;
      },
      microseconds(sessions, session) {
        const isMissing = Number.isNaN(sessions.milliseconds(session, slot));
        return isMissing ? 0 : sessions.microseconds(session, slot);
      },
    };
  }
  const read = makeNumberReader(store);
  const unit = as === "epoch-seconds" ? 1000 : 1;
  return {
    milliseconds(sessions, session) {
      const value = read(sessions, session);
      return Number.isNaN(value) ? missing : orInfinity(wholeNumber(value * unit) + added);
    },
    microseconds: () => 0,
  };
}

/** A number of a session, or the end of the duration that it is; NaN where the source has nothing. */
function makeNumberReader(
  store: ResolvedStore,
): (sessions: SourceBatch, session: number) => number {
  const { column, since } = store.sessions.expires;
  const { slot } = columnOf(store, 0, column);
  if (since === null) return (sessions, session) => readNumber(sessions, session, slot);
  const begin = columnOf(store, 0, since.column).slot;
  return (sessions, session) => {
    const value = readNumber(sessions, session, slot);
    return value > since.atMost ? value : value + readNumber(sessions, session, begin);
  };
}

/** SQL's "NaN" is as far from a moment as infinity is. */
function readNumber(sessions: SourceBatch, session: number, slot: number): number {
  const start = sessions.textStart(session, slot);
  if (start === -1) return Number.NaN;
  const value = Number(sessions.text(start, sessions.textEnd(session, slot)));
  return Number.isNaN(value) ? Infinity : value;
}

/** Rounded down, except for what a fraction's binary form lacks: 1.001 seconds are not 1000 ms. */
function wholeNumber(milliseconds: number): number {
  if (Number.isInteger(milliseconds)) return milliseconds;
  return Math.floor(Math.round(milliseconds * 1000) / 1000);
}

/** A number that is no exact moment stands for "never". */
function orInfinity(milliseconds: number): number {
  return Number.isSafeInteger(milliseconds) ? milliseconds : Math.sign(milliseconds) * Infinity;
}
