import type { Range, SessionId } from "@rehome/core";
import type { Expiry, Source } from "../source.js";
import type { Connections } from "./connections.js";
import { CopyOut } from "./copy-out.js";
import type { CopyRow } from "./copy-row.js";
import { ReadBuffer } from "./read-buffer.js";
import { matchRange, readableTime } from "./statement.js";

const BATCH = 1_000;

export async function* listExpiries(
  connections: Connections,
  range: Range,
  { timeZone, signal }: Parameters<Source["listExpiries"]>[1],
): AsyncGenerator<Expiry[]> {
  const select = `SELECT session_id, ${readableTime("expires_at", timeZone)} FROM user_sessions WHERE ${matchRange(range)("session_id")}`;
  yield* connections.snapshot(async function* (client) {
    let batch: Expiry[] = [];
    const buffer = new ReadBuffer();
    const rows = CopyOut.run(client, select, 2, buffer);
    while (await rows.more()) {
      while (rows.next()) {
        batch.push(readExpiry(rows.row, buffer.bytes));
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      rows.forgetRead();
    }
    if (batch.length > 0) yield batch;
  }, signal);
}

/** Without an expiry a session never expires. */
function readExpiry(row: CopyRow, bytes: Buffer): Expiry {
  const id = row.text(bytes, 0) as SessionId;
  if (row.isNull(1)) return { id, expiresAt: Infinity };
  row.readTime(bytes, 1);
  return { id, expiresAt: row.milliseconds };
}
