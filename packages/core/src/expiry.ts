import { type Column, columnOf, type ResolvedStore } from "./column.js";
import type { SourceBatch } from "./source-batch.js";

/** When a session expires, as whole Unix milliseconds, rounded down: NaN where the source has nothing, ±Infinity as in SQL. */
export interface SessionExpiry {
  milliseconds(sessions: SourceBatch, session: number): number;
  /** What is left of it, from 0 to 999. */
  microseconds(sessions: SourceBatch, session: number): number;
}

/** `startedAt` is when the run started, in Unix milliseconds by the target's clock: rows without an expiry count from it. */
export function makeExpiry(store: ResolvedStore, startedAt: number): SessionExpiry {
  const { column: name, as, plusSeconds, ifMissing, since } = store.sessions.expires;
  const column = columnOf(store, 0, name);
  const begin = since === null ? null : columnOf(store, 0, since.column);
  const unit = as === "epoch-seconds" ? 1000 : 1;
  const missing = ifMissing === null ? Number.NaN : startedAt + ifMissing * 1000;

  const read = (sessions: SourceBatch, session: number, from: Column): number =>
    as === "time" ? sessions.milliseconds(session, from.slot) : readNumber(sessions, session, from);

  function milliseconds(sessions: SourceBatch, session: number): number {
    let value = read(sessions, session, column);
    if (since !== null && begin !== null && value <= since.atMost)
      value += read(sessions, session, begin);
    if (Number.isNaN(value)) return missing;
    const time = Math.floor(value * unit) + plusSeconds * 1000;
    // A number that is no exact moment stands for "never".
    const isExact = as === "time" || Number.isSafeInteger(time);
    return isExact ? time : Math.sign(time) * Infinity;
  }

  return {
    milliseconds,
    microseconds: (sessions, session) =>
      as === "time" && !Number.isNaN(sessions.milliseconds(session, column.slot))
        ? sessions.microseconds(session, column.slot)
        : 0,
  };
}

/** SQL's "NaN" is as far from a moment as infinity is. */
function readNumber(sessions: SourceBatch, session: number, { slot }: Column): number {
  const start = sessions.textStart(session, slot);
  if (start === -1) return Number.NaN;
  const value = Number(sessions.text(start, sessions.textEnd(session, slot)));
  return Number.isNaN(value) ? Infinity : value;
}
