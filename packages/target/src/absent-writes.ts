import { copyBytes, type KeyLayout, type TransformedBatch } from "@rehome/core";
import { writeBytes, writeLength, writeLineEnd } from "./resp.js";
import { type ScratchBuffer, takeScratch, USUAL_BYTES } from "./scratch-buffer.js";

/** Commands as they go over the wire, one a session: the first `size` bytes of a scratch buffer. */
export interface Commands {
  readonly scratch: ScratchBuffer;
  readonly size: number;
  readonly count: number;
}

/** How a session is written where its key does not exist. */
export interface AbsentWrite {
  /** The command and how many arguments it has, up to the key. */
  readonly head: Buffer;
  /** How many bytes the arguments after the key may take. */
  readonly room: (sessions: TransformedBatch, session: number) => number;
  /** Writes them; returns where they end. */
  readonly write: (
    scratch: ScratchBuffer,
    at: number,
    sessions: TransformedBatch,
    session: number,
    expiresAt: number,
  ) => number;
}

/** The most that a command takes beyond its key and its value. */
const FRAME_BYTES = 128;

const EXISTS = Buffer.from("*2\r\n$6\r\nEXISTS\r\n");

/** Redis takes an expiry of 0 for none or refuses it, and refuses a negative one. 1 has passed just as well. */
export function atLeastOne(expiresAt: number): number {
  return Math.max(1, expiresAt);
}

/**
 * For each session that is `chosen`, none of them rejected: for one to write, a command that is refused where the key
 * exists; for an expired one, `EXISTS key`. Encodes each batch when it is asked for.
 */
export function* encodeAbsentWrites(
  sessions: TransformedBatch,
  chosen: readonly number[],
  keys: KeyLayout,
  { head, room, write }: AbsentWrite,
): Generator<Commands> {
  const prefix = Buffer.from(keys.idHoldsPrefix ? "" : keys.prefix);
  let scratch: ScratchBuffer | null = null;
  let [count, at] = [0, 0];
  for (const session of chosen) {
    const needed = FRAME_BYTES + prefix.length + room(sessions, session);
    if (scratch !== null && at + needed > USUAL_BYTES) {
      yield { scratch, size: at, count };
      scratch = null;
      [count, at] = [0, 0];
    }
    scratch ??= takeScratch(Math.max(needed, USUAL_BYTES));
    const { bytes } = scratch;
    const isWrite = sessions.isWrite(session);
    at = writeKey(bytes, writeBytes(bytes, at, isWrite ? head : EXISTS), prefix, sessions, session);
    if (isWrite)
      at = write(scratch, at, sessions, session, atLeastOne(sessions.expiresAt(session)));
    count += 1;
  }
  if (scratch !== null) yield { scratch, size: at, count };
}

function writeKey(
  bytes: Buffer,
  at: number,
  prefix: Buffer,
  sessions: TransformedBatch,
  session: number,
): number {
  const [idStart, idEnd] = [sessions.idStart(session), sessions.idEnd(session)];
  const start = writeLength(bytes, at, prefix.length + idEnd - idStart);
  const id = writeBytes(bytes, start, prefix);
  return writeLineEnd(bytes, copyBytes(sessions.bytes, idStart, idEnd, bytes, id));
}
