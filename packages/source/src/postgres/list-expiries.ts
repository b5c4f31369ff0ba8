import { INFINITE_FUTURE, type Range, type SessionId } from "@rehome/core";
import type { Expiry, Source } from "../source.js";
import type { Connections } from "./connections.js";
import { copyRows } from "./copy-rows.js";
import { absolute, matchRange } from "./statement.js";

const BATCH = 1_000;

export async function* listExpiries(
  connections: Connections,
  range: Range,
  { timeZone, signal }: Parameters<Source["listExpiries"]>[1],
): AsyncGenerator<Expiry[]> {
  const select = `SELECT session_id, ${absolute("expires_at", timeZone)} FROM user_sessions WHERE ${matchRange(range)("session_id")}`;
  yield* connections.snapshot(async function* (client) {
    let batch: Expiry[] = [];
    for await (const rows of copyRows(client, select, 2, signal)) {
      for (let row = rows.next(); row !== null; row = rows.next()) {
        batch.push({ id: row.text(0) as SessionId, expiresAt: row.instant(1) ?? INFINITE_FUTURE });
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  }, signal);
}
