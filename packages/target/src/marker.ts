import { randomBytes } from "node:crypto";
import type { RunId } from "@rehome/core";
import type { Connection } from "./connection.js";
import { markerKey } from "./key.js";

/** Returns the token by which the run knows its target again. The marker does not expire. */
export async function placeMarker(
  connection: Connection,
  run: RunId,
  keyPrefix: string,
): Promise<string> {
  const token = randomBytes(16).toString("hex");
  await connection.call("SET", [markerKey(run, keyPrefix), token]);
  return token;
}

/** False where the target was emptied since, or is another one. */
export async function checkMarker(
  connection: Connection,
  run: RunId,
  token: string,
  keyPrefix: string,
): Promise<boolean> {
  return (await connection.call("GET", [markerKey(run, keyPrefix)])) === token;
}

export async function removeMarker(
  connection: Connection,
  run: RunId,
  keyPrefix: string,
): Promise<void> {
  await connection.call("UNLINK", [markerKey(run, keyPrefix)]);
}
