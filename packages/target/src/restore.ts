import type { TransformedBatch } from "@rehome/core";
import type { AbsentWrite } from "./absent-writes.js";
import { payloadRoom, writePayload } from "./payload.js";
import { digitsOf, writeBytes, writeLength, writeNumberArgument } from "./resp.js";
import type { ScratchBuffer } from "./scratch-buffer.js";

const ABSOLUTE = Buffer.from("\r\n$6\r\nABSTTL\r\n");

/** `RESTORE key expiry payload ABSTTL`: refused with BUSYKEY where the key exists. */
export function makeRestore(maxListpackEntries: number): AbsentWrite {
  return {
    head: Buffer.from("*5\r\n$7\r\nRESTORE\r\n"),
    room: payloadRoom,
    write: (scratch, start, sessions, session, expiresAt) => {
      const at = writeNumberArgument(scratch.bytes, start, expiresAt);
      const end = writePayloadArgument(scratch, at, sessions, session, maxListpackEntries);
      return writeBytes(scratch.bytes, end, ABSOLUTE);
    },
  };
}

/** Room is left for a length of as many digits as most payloads have; with others they are moved. */
function writePayloadArgument(
  scratch: ScratchBuffer,
  at: number,
  sessions: TransformedBatch,
  session: number,
  maxListpackEntries: number,
): number {
  const guessed = at + "$123\r\n".length;
  const end = writePayload(scratch, guessed, sessions, session, maxListpackEntries);
  const size = end - guessed;
  const start = at + digitsOf(size) + "$\r\n".length;
  if (start !== guessed) scratch.bytes.copyWithin(start, guessed, end);
  writeLength(scratch.bytes, at, size);
  return start + size;
}
