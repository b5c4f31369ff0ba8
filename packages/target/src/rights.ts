import { randomUUID } from "node:crypto";
import type { KeyLayout } from "@rehome/core";
import type { Connection } from "./connection.js";

/**
 * Whether this user may read and write under a prefix, tried on a key that does not exist, so that nothing is written.
 * Rejects with RehomeError `target-NOPERM` where it may not. Which commands it may call shows elsewhere: see
 * `findWriteWay`.
 */
export async function tryRights(connection: Connection, { prefix }: KeyLayout): Promise<void> {
  const key = prefix + randomUUID();
  await connection.call("GET", [key]);
  await connection.call("UNLINK", [key]);
}
