import { randomBytes } from "node:crypto";
import type { RunId } from "@rehome/core";
import type { Connection } from "./connection.js";
import { markerKey } from "./key.js";
import { loadScript } from "./script.js";

const script = loadScript("marker");

/** A day longer than a ledger stays after its run has ended: who may still verify a run must find its marker. */
export const MARKER_LIFETIME_MS = 31 * 24 * 60 * 60 * 1000;

/** Returns the token by which the run knows its target again. The marker expires once nobody has asked for it that long. */
export async function placeMarker(
  connection: Connection,
  run: RunId,
  keyPrefix: string,
): Promise<string> {
  const token = randomBytes(16).toString("hex");
  await connection.call("SET", [markerKey(run, keyPrefix), token, "PX", MARKER_LIFETIME_MS]);
  return token;
}

/** False where the target was emptied since, or is another one. Renews the marker. */
export async function checkMarker(
  connection: Connection,
  run: RunId,
  token: string,
  keyPrefix: string,
): Promise<boolean> {
  const key = markerKey(run, keyPrefix);
  return (await script(connection.call, [key], [token, MARKER_LIFETIME_MS])) === 1;
}

export async function removeMarker(
  connection: Connection,
  run: RunId,
  keyPrefix: string,
): Promise<void> {
  await connection.call("UNLINK", [markerKey(run, keyPrefix)]);
}
