import type { FoundSession, KeyLayout, SessionId, TargetLayout } from "@rehome/core";
import type { Connection } from "./connection.js";
import { sessionKey } from "./key.js";
import { loadScript } from "./script.js";

/** A script runs in one moment and holds up the server, so a call reads no more sessions and bytes than these. */
const MAX_SESSIONS = 200;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_PRESENCE = 1_000;

const readScript = loadScript("expiry", "read-back");
const presenceScript = loadScript("presence");

/** One per id, in order; each session's type, fields and expiry are of one moment. */
export async function readBack(
  connection: Connection,
  ids: readonly SessionId[],
  { keys: layout, type }: TargetLayout,
): Promise<FoundSession[]> {
  const found: FoundSession[] = [];
  while (found.length < ids.length) {
    const keys = ids
      .slice(found.length, found.length + MAX_SESSIONS)
      .map((id) => sessionKey(layout, id));
    const reply = await readScript(connection.callForBytes, keys, [MAX_BYTES, type]);
    if (!Array.isArray(reply) || reply.length === 0 || reply.length > keys.length) {
      throw new Error("the read-back script did not answer for the sessions asked for");
    }
    for (const session of reply) found.push(parseFound(session));
  }
  return found;
}

function parseFound(reply: unknown): FoundSession {
  const [type, expiresAt, fields] = reply as [Buffer, number, Buffer[]];
  return { type: type.toString(), fields, expiresAt: expiresAt < 0 ? null : expiresAt };
}

/** Whether there is a key, of whatever type, for each id, in order. */
export async function arePresent(
  connection: Connection,
  ids: readonly SessionId[],
  layout: KeyLayout,
): Promise<boolean[]> {
  const present: boolean[] = [];
  for (let i = 0; i < ids.length; i += MAX_PRESENCE) {
    const keys = ids.slice(i, i + MAX_PRESENCE).map((id) => sessionKey(layout, id));
    const digits = await presenceScript(connection.call, keys, []);
    if (typeof digits !== "string" || digits.length !== keys.length) {
      throw new Error("the presence script did not answer for each session");
    }
    for (const digit of digits) present.push(digit === "1");
  }
  return present;
}
