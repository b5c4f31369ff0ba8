import type { TargetSession } from "@rehome/core";
import { atLeastOne, type LoadEntry } from "./encode.js";
import { sessionKey } from "./key.js";
import { allocate, payloadRoom, type Space, writePayload } from "./payload.js";

/** Commands as they go over the wire: one an entry, so many bytes at a time. */
export interface Commands {
  readonly bytes: Buffer;
  readonly count: number;
}

/** Small enough that the server is at work on the first while the next is being encoded. */
const MAX_BYTES = 256 * 1024;

/** Of a command beyond its key and its payload, at the most. */
const FRAME_BYTES = 128;

const RESTORE = Buffer.from("*5\r\n$7\r\nRESTORE\r\n");
const ABSOLUTE = Buffer.from("\r\n$6\r\nABSTTL\r\n");
const EXISTS = Buffer.from("*2\r\n$6\r\nEXISTS\r\n");
const [DOLLAR, CR, LF, ZERO] = [36, 13, 10, 48];

/**
 * For a session to write, `RESTORE key expiry payload ABSTTL`: refused with BUSYKEY where the key exists. For an
 * expired one, `EXISTS key`. Encodes as it is asked.
 */
export function* encodeRestores(
  entries: readonly LoadEntry[],
  keyPrefix: string,
  maxListpackEntries: number,
): Generator<Commands> {
  let space = allocate(MAX_BYTES);
  let [count, at] = [0, 0];

  /** A large session's space is given away rather than held twice. */
  function cut(): Commands {
    const used = space.bytes.subarray(0, at);
    const isLarge = used.length > MAX_BYTES;
    const commands = { bytes: isLarge ? used : Buffer.from(used), count };
    if (isLarge) space = allocate(MAX_BYTES);
    [count, at] = [0, 0];
    return commands;
  }

  for (const entry of entries) {
    const key = sessionKey(keyPrefix, entry.kind === "write" ? entry.session.id : entry.id);
    const payload = entry.kind === "write" ? payloadRoom(entry.session.fields) : 0;
    const room = FRAME_BYTES + 3 * key.length + payload;
    if (count > 0 && at + room > MAX_BYTES) yield cut();
    if (room > space.bytes.length) space = allocate(room);
    at =
      entry.kind === "write"
        ? writeRestore(space, at, key, entry.session, maxListpackEntries)
        : writeKey(space.bytes, writeBytes(space.bytes, at, EXISTS), key);
    count += 1;
  }
  if (count > 0) yield cut();
}

function writeRestore(
  space: Space,
  start: number,
  key: string,
  session: TargetSession,
  maxListpackEntries: number,
): number {
  const { bytes } = space;
  let at = writeKey(bytes, writeBytes(bytes, start, RESTORE), key);
  const expiry = atLeastOne(session.expiresAt);
  at = writeNumber(bytes, writeLength(bytes, at, digitsOf(expiry)), expiry);
  at = writePayloadArgument(space, writeLineEnd(bytes, at), session.fields, maxListpackEntries);
  return writeBytes(bytes, at, ABSOLUTE);
}

/** Room is left for a length of as many digits as most payloads have; with others they are moved. */
function writePayloadArgument(
  space: Space,
  at: number,
  fields: readonly string[],
  maxListpackEntries: number,
): number {
  const guessed = at + "$123\r\n".length;
  const end = writePayload(space, guessed, fields, maxListpackEntries);
  const size = end - guessed;
  const start = at + digitsOf(size) + "$\r\n".length;
  if (start !== guessed) space.bytes.copyWithin(start, guessed, end);
  writeLength(space.bytes, at, size);
  return start + size;
}

function writeKey(bytes: Buffer, at: number, key: string): number {
  const start = writeLength(bytes, at, Buffer.byteLength(key));
  return writeLineEnd(bytes, start + bytes.write(key, start));
}

function writeLength(bytes: Buffer, at: number, length: number): number {
  bytes[at] = DOLLAR;
  return writeLineEnd(bytes, writeNumber(bytes, at + 1, length));
}

/** A whole number, not negative. */
function writeNumber(bytes: Buffer, at: number, value: number): number {
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
  for (let i = 0; i < constant.length; i += 1) bytes[at + i] = constant[i] as number;
  return at + constant.length;
}
