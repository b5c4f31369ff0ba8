import { copyBytes } from "@rehome/core";
import type { AbsentWrite } from "./absent-writes.js";
import { writeBytes, writeLength, writeNumberArgument } from "./resp.js";

const PXAT = Buffer.from("\r\n$4\r\nPXAT\r\n");
const NX = Buffer.from("$2\r\nNX\r\n");

/** `SET key value PXAT expiry NX`: answered with null where the key exists. */
export const setIfAbsent: AbsentWrite = {
  head: Buffer.from("*6\r\n$3\r\nSET\r\n"),
  room: (sessions, session) => sessions.size(session),
  write: ({ bytes }, start, sessions, session, expiresAt) => {
    const field = sessions.fieldsFrom(session);
    const [valueStart, valueEnd] = [sessions.valueStart(field), sessions.valueEnd(field)];
    const at = writeLength(bytes, start, valueEnd - valueStart);
    const end = copyBytes(sessions.bytes, valueStart, valueEnd, bytes, at);
    const expiry = writeBytes(bytes, end, PXAT);
    return writeBytes(bytes, writeNumberArgument(bytes, expiry, expiresAt), NX);
  },
};
