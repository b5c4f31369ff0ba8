import type { TargetSession } from "@rehome/core";
import type { LoadEntry } from "./encode.js";
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

const RESTORE = "*5\r\n$7\r\nRESTORE\r\n";
const ABSOLUTE = "\r\n$6\r\nABSTTL\r\n";
const EXISTS = "*2\r\n$6\r\nEXISTS\r\n";

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
  for (const entry of entries) {
    const key = sessionKey(keyPrefix, entry.kind === "write" ? entry.session.id : entry.id);
    const payload = entry.kind === "write" ? payloadRoom(entry.session.fields) : 0;
    const room = FRAME_BYTES + 3 * key.length + payload;
    if (count > 0 && at + room > MAX_BYTES) {
      yield { bytes: Buffer.from(space.bytes.subarray(0, at)), count };
      [count, at] = [0, 0];
    }
    if (room > space.bytes.length) space = allocate(room);
    at =
      entry.kind === "write"
        ? writeRestore(space, at, key, entry.session, maxListpackEntries)
        : writeKey(space.bytes, writeAscii(space.bytes, at, EXISTS), key);
    count += 1;
  }
  if (count > 0) yield { bytes: Buffer.from(space.bytes.subarray(0, at)), count };
}

function writeRestore(
  space: Space,
  start: number,
  key: string,
  session: TargetSession,
  maxListpackEntries: number,
): number {
  const { bytes } = space;
  let at = writeAscii(bytes, start, RESTORE);
  at = writeKey(bytes, at, key);
  const expiry = String(session.expiresAt);
  at = writeAscii(bytes, at, `$${expiry.length}\r\n`);
  at = writeAscii(bytes, writeAscii(bytes, at, expiry), "\r\n");
  at = writePayloadArgument(space, at, session.fields, maxListpackEntries);
  return writeAscii(bytes, at, ABSOLUTE);
}

/** Room is left for a length of as many digits as most payloads have; with others they are moved. */
function writePayloadArgument(
  space: Space,
  at: number,
  fields: readonly string[],
  maxListpackEntries: number,
): number {
  const { bytes } = space;
  const guessed = at + "$123\r\n".length;
  const end = writePayload(space, guessed, fields, maxListpackEntries);
  const head = `$${end - guessed}\r\n`;
  const start = at + head.length;
  if (start !== guessed) bytes.copyWithin(start, guessed, end);
  writeAscii(bytes, at, head);
  return end + start - guessed;
}

function writeKey(bytes: Buffer, at: number, key: string): number {
  const start = writeAscii(bytes, at, `$${Buffer.byteLength(key)}\r\n`);
  return writeAscii(bytes, start + bytes.write(key, start), "\r\n");
}

function writeAscii(bytes: Buffer, start: number, text: string): number {
  for (let i = 0; i < text.length; i += 1) bytes[start + i] = text.charCodeAt(i);
  return start + text.length;
}
