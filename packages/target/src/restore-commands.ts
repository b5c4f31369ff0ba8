import { copyBytes, type TransformedBatch } from "@rehome/core";
import { atLeastOne } from "./encode.js";
import { payloadRoom, writePayload } from "./payload.js";
import { type Space, takeSpace, USUAL_BYTES } from "./space.js";

/** Commands as they go over the wire, one a session: the first `size` bytes of a space. */
export interface Commands {
  readonly space: Space;
  readonly size: number;
  readonly count: number;
}

/** Of a command beyond its key and its payload, at the most. */
const FRAME_BYTES = 128;

const RESTORE = Buffer.from("*5\r\n$7\r\nRESTORE\r\n");
const ABSOLUTE = Buffer.from("\r\n$6\r\nABSTTL\r\n");
const EXISTS = Buffer.from("*2\r\n$6\r\nEXISTS\r\n");
const [DOLLAR, CR, LF, ZERO] = [36, 13, 10, 48];

/**
 * For a session to write, `RESTORE key expiry payload ABSTTL`: refused with BUSYKEY where the key exists. For an
 * expired one, `EXISTS key`; for a rejected one, nothing. Encodes as it is asked.
 */
export function* encodeRestores(
  sessions: TransformedBatch,
  keyPrefix: string,
  maxListpackEntries: number,
): Generator<Commands> {
  const prefix = Buffer.from(keyPrefix);
  let space: Space | null = null;
  let [count, at] = [0, 0];
  for (let session = 0; session < sessions.count; session += 1) {
    if (sessions.kind(session) === "rejected") continue;
    const room = FRAME_BYTES + prefix.length + payloadRoom(sessions, session);
    if (space !== null && at + room > USUAL_BYTES) {
      yield { space, size: at, count };
      space = null;
      [count, at] = [0, 0];
    }
    space ??= takeSpace(Math.max(room, USUAL_BYTES));
    at = sessions.isWrite(session)
      ? writeRestore(space, at, prefix, sessions, session, maxListpackEntries)
      : writeKey(space.bytes, writeBytes(space.bytes, at, EXISTS), prefix, sessions, session);
    count += 1;
  }
  if (space !== null) yield { space, size: at, count };
}

function writeRestore(
  space: Space,
  start: number,
  prefix: Buffer,
  sessions: TransformedBatch,
  session: number,
  maxListpackEntries: number,
): number {
  const { bytes } = space;
  let at = writeKey(bytes, writeBytes(bytes, start, RESTORE), prefix, sessions, session);
  const expiry = atLeastOne(sessions.expiresAt(session));
  at = writeNumber(bytes, writeLength(bytes, at, digitsOf(expiry)), expiry);
  at = writeLineEnd(bytes, at);
  at = writePayloadArgument(space, at, sessions, session, maxListpackEntries);
  return writeBytes(bytes, at, ABSOLUTE);
}

/** Room is left for a length of as many digits as most payloads have; with others they are moved. */
function writePayloadArgument(
  space: Space,
  at: number,
  sessions: TransformedBatch,
  session: number,
  maxListpackEntries: number,
): number {
  const guessed = at + "$123\r\n".length;
  const end = writePayload(space, guessed, sessions, session, maxListpackEntries);
  const size = end - guessed;
  const start = at + digitsOf(size) + "$\r\n".length;
  if (start !== guessed) space.bytes.copyWithin(start, guessed, end);
  writeLength(space.bytes, at, size);
  return start + size;
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

function writeLength(bytes: Buffer, at: number, length: number): number {
  bytes[at] = DOLLAR;
  return writeLineEnd(bytes, writeNumber(bytes, at + 1, length));
}

/** A whole number, not negative. */
function writeNumber(bytes: Buffer, at: number, value: number): number {
  // Beyond these, the arithmetic below is not exact.
  if (value > Number.MAX_SAFE_INTEGER) return at + bytes.write(String(value), at, "latin1");
  const end = at + digitsOf(value);
  let rest = value;
  for (let i = end - 1; i >= at; i -= 1) {
    const tens = Math.floor(rest / 10);
    bytes[i] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return end;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}

function writeLineEnd(bytes: Buffer, at: number): number {
  bytes[at] = CR;
  bytes[at + 1] = LF;
  return at + 2;
}

function writeBytes(bytes: Buffer, at: number, constant: Buffer): number {
  return copyBytes(constant, 0, constant.length, bytes, at);
}
