import { copyBytes, type TransformedBatch } from "@rehome/core";
import { writeCrc64 } from "./crc64.js";
import { ENTRY_OVERHEAD, writeEntry } from "./listpack.js";
import { allocate, type ScratchBuffer } from "./scratch-buffer.js";

/** Types of a value in Redis's dumps, and the oldest version of them that knows both: Redis 7.0's. */
const [HASH, HASH_LISTPACK] = [4, 16];
const RDB_VERSION = 10;

/**
 * A listpack is searched from its start and moved as a whole when it changes, so a long one would make the
 * application wait. Redis bounds the nodes of its lists by the same 8 KB (list-max-listpack-size -2).
 */
export const MAX_LISTPACK_BYTES = 8 * 1024;

/** Texts of more bytes than this never fit: even as integers they take half their length. */
const MAX_SIZE = 4 * MAX_LISTPACK_BYTES;

const LISTPACK_HEADER = 6;
const FRAME_BYTES = 32;

/** How many bytes `writePayload` may need for a session, and for its key. */
export function payloadRoom(sessions: TransformedBatch, session: number): number {
  const texts = 2 * (sessions.fieldsTo(session) - sessions.fieldsFrom(session));
  return FRAME_BYTES + sessions.size(session) + texts * ENTRY_OVERHEAD;
}

export function encodePayload(
  sessions: TransformedBatch,
  session: number,
  maxListpackEntries: number,
): Buffer {
  const scratch = allocate(payloadRoom(sessions, session));
  const end = writePayload(scratch, 0, sessions, session, maxListpackEntries);
  return scratch.bytes.subarray(0, end);
}

/**
 * Writes a hash as RESTORE takes it: type, value, version and checksum. One with few and short enough fields is
 * a listpack, whatever the length of its longest value: that takes half the memory of the hash table that HSET
 * makes of a hash with a value over 64 bytes. Returns where it ends; there must be room.
 */
export function writePayload(
  { bytes, view }: ScratchBuffer,
  start: number,
  sessions: TransformedBatch,
  session: number,
  maxListpackEntries: number,
): number {
  const fields = sessions.fieldsTo(session) - sessions.fieldsFrom(session);
  const listpackEnd =
    fields <= maxListpackEntries ? writeListpack(bytes, start, sessions, session) : null;
  const valueEnd = listpackEnd ?? writeHash(bytes, start, sessions, session);
  const end = bytes.writeUInt16LE(RDB_VERSION, valueEnd);
  return writeCrc64(view, start, end);
}

/** Null where the listpack would be too long. */
function writeListpack(
  bytes: Buffer,
  start: number,
  sessions: TransformedBatch,
  session: number,
): number | null {
  if (sessions.size(session) > MAX_SIZE) return null;
  // The length of a string in a dump, in the form that takes 14 bits, before it is known.
  const listpack = start + 3;
  let at = listpack + LISTPACK_HEADER;
  const [from, to] = [sessions.fieldsFrom(session), sessions.fieldsTo(session)];
  const texts = sessions.bytes;
  for (let field = from; field < to; field += 1) {
    at = writeEntry(bytes, at, texts, sessions.nameStart(field), sessions.nameEnd(field));
    at = writeEntry(bytes, at, texts, sessions.valueStart(field), sessions.valueEnd(field));
  }
  bytes[at] = 0xff;
  at += 1;
  const size = at - listpack;
  if (size > MAX_LISTPACK_BYTES) return null;
  bytes[start] = HASH_LISTPACK;
  bytes[start + 1] = 0x40 | (size >> 8);
  bytes[start + 2] = size & 0xff;
  bytes.writeUInt32LE(size, listpack);
  bytes.writeUInt16LE(2 * (to - from), listpack + 4);
  return at;
}

function writeHash(
  bytes: Buffer,
  start: number,
  sessions: TransformedBatch,
  session: number,
): number {
  const [from, to] = [sessions.fieldsFrom(session), sessions.fieldsTo(session)];
  bytes[start] = HASH;
  let at = writeLength(bytes, start + 1, to - from);
  for (let field = from; field < to; field += 1) {
    at = writeString(bytes, at, sessions.bytes, sessions.nameStart(field), sessions.nameEnd(field));
    const [valueStart, valueEnd] = [sessions.valueStart(field), sessions.valueEnd(field)];
    at = writeString(bytes, at, sessions.bytes, valueStart, valueEnd);
  }
  return at;
}

function writeString(bytes: Buffer, at: number, from: Buffer, start: number, end: number): number {
  return copyBytes(from, start, end, bytes, writeLength(bytes, at, end - start));
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
