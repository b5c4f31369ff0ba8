import { writeCrc64 } from "./crc64.js";
import { ENTRY_OVERHEAD, writeEntry, writeName } from "./listpack.js";

/** Types of a value in Redis's dumps, and the oldest version of them that knows both: Redis 7.0's. */
const [HASH, HASH_LISTPACK] = [4, 16];
const RDB_VERSION = 10;

/**
 * A listpack is searched from its start and moved as a whole when it changes, so a long one would make the
 * application wait. Redis bounds the nodes of its lists by the same 8 KB (list-max-listpack-size -2).
 */
export const MAX_LISTPACK_BYTES = 8 * 1024;

const LISTPACK_HEADER = 6;
const FRAME_BYTES = 32;

/** How many bytes `writePayload` may need for these fields. */
export function payloadRoom(fields: readonly string[]): number {
  let length = 0;
  for (const text of fields) length += text.length;
  // UTF-8 takes three bytes for a unit of UTF-16 at the most; for a large session it is counted.
  const bytes =
    length <= MAX_LISTPACK_BYTES
      ? 3 * length
      : fields.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return FRAME_BYTES + bytes + fields.length * ENTRY_OVERHEAD;
}

/** Bytes to write to, and the same to read numbers from. */
export interface Space {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export function allocate(size: number): Space {
  const bytes = Buffer.allocUnsafe(size);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, size) };
}

export function encodePayload(fields: readonly string[], maxListpackEntries: number): Buffer {
  const space = allocate(payloadRoom(fields));
  return space.bytes.subarray(0, writePayload(space, 0, fields, maxListpackEntries));
}

/**
 * Writes a hash as RESTORE takes it: type, value, version and checksum. One with few and short enough fields is
 * a listpack, whatever the length of its longest value: that takes half the memory of the hash table that HSET
 * makes of a hash with a value over 64 bytes. Returns where it ends; there must be room.
 */
export function writePayload(
  { bytes, view }: Space,
  start: number,
  fields: readonly string[],
  maxListpackEntries: number,
): number {
  let end = start;
  if (fields.length <= 2 * maxListpackEntries) end = writeListpack(bytes, start, fields);
  if (end === start) end = writeHash(bytes, start, fields);
  end = bytes.writeUInt16LE(RDB_VERSION, end);
  return writeCrc64(view, start, end);
}

/** `start` itself where the listpack would be too long. */
function writeListpack(bytes: Buffer, start: number, fields: readonly string[]): number {
  // The length of a string in a dump, in the form that takes 14 bits, before it is known.
  const listpack = start + 3;
  let at = listpack + LISTPACK_HEADER;
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i] as string, fields[i + 1] as string];
    if (at + name.length + value.length > listpack + MAX_LISTPACK_BYTES) return start;
    at = writeEntry(bytes, writeName(bytes, at, name), value);
  }
  bytes[at] = 0xff;
  at += 1;
  const size = at - listpack;
  if (size > MAX_LISTPACK_BYTES) return start;
  bytes[start] = HASH_LISTPACK;
  bytes[start + 1] = 0x40 | (size >> 8);
  bytes[start + 2] = size & 0xff;
  bytes.writeUInt32LE(size, listpack);
  bytes.writeUInt16LE(fields.length, listpack + 4);
  return at;
}

function writeHash(bytes: Buffer, start: number, fields: readonly string[]): number {
  bytes[start] = HASH;
  let at = writeLength(bytes, start + 1, fields.length / 2);
  for (const text of fields) {
    at = writeLength(bytes, at, Buffer.byteLength(text));
    at += bytes.write(text, at);
  }
  return at;
}

function writeLength(bytes: Buffer, at: number, length: number): number {
  if (length < 64) {
    bytes[at] = length;
    return at + 1;
  }
  if (length < 2 ** 14) {
    bytes[at] = 0x40 | (length >> 8);
    bytes[at + 1] = length & 0xff;
    return at + 2;
  }
  bytes[at] = 0x80;
  return bytes.writeUInt32BE(length, at + 1);
}
