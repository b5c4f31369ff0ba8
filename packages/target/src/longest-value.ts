import type { TransformedBatch } from "@rehome/core";
import { encodePayload, payloadRoom } from "./payload.js";
import type { Wire } from "./wire.js";
import type { WriteWay } from "./write-way.js";

/** No Redis can be told to take less. */
const ALWAYS_TAKEN = 1024 * 1024;

/** What is known of the longest value that the server takes, in bytes; forgotten when another server may have taken over. */
export interface LongestValue {
  /** Whether the server takes a session's longest value. Asks it where that is longer than any before. */
  takes(way: WriteWay, sessions: TransformedBatch, session: number): true | Promise<boolean>;
  forget(): void;
}

/**
 * The server is asked before a value is sent: in the middle of one that is too long it resets the connection, which may
 * lose the reply that says why, and with it the answers to all else that was on its way.
 */
export function makeLongestValue(wire: Pick<Wire, "takes">): LongestValue {
  let taken = ALWAYS_TAKEN;
  let refused = Infinity;

  async function ask(bytes: number): Promise<boolean> {
    if (bytes <= taken) return true;
    if (bytes >= refused) return false;
    const isTaken = await wire.takes(bytes);
    if (isTaken) taken = Math.max(taken, bytes);
    else refused = Math.min(refused, bytes);
    return isTaken;
  }

  return {
    // Nearly all are short: to wait for each would cost more than to look.
    takes: (way, sessions, session) =>
      roomOf(way, sessions, session) <= taken || ask(lengthOf(way, sessions, session)),
    forget: () => {
      taken = ALWAYS_TAKEN;
      refused = Infinity;
    },
  };
}

/** Never less than the length, and found at once. */
function roomOf(way: WriteWay, sessions: TransformedBatch, session: number): number {
  return way.kind === "restore" ? payloadRoom(sessions, session) : sessions.size(session);
}

function lengthOf(way: WriteWay, sessions: TransformedBatch, session: number): number {
  if (way.kind === "restore")
    return encodePayload(sessions, session, way.maxListpackEntries).length;
  let longest = 0;
  const to = sessions.fieldsTo(session);
  for (let field = sessions.fieldsFrom(session); field < to; field += 1)
    longest = Math.max(longest, sessions.valueEnd(field) - sessions.valueStart(field));
  return longest;
}
