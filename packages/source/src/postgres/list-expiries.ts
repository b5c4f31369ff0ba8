import { columnOf, makeExpiry, type Range, type ResolvedStore, SourceBatch } from "@rehome/core";
import type { ExpiryOptions, SessionExpiry } from "../source.js";
import type { Connections } from "./connections.js";
import { CopyOut } from "./copy-out.js";
import { quoteColumn, quoteTable, readable } from "./expressions.js";
import { matchRange } from "./match.js";
import { ReadBuffer } from "./read-buffer.js";
import { RowLayout } from "./row-layout.js";

const BATCH = 1_000;

/** Ids and expiries alone. */
export async function* listExpiries(
  connections: Connections,
  store: ResolvedStore,
  range: Range,
  { startedAt, signal }: ExpiryOptions,
): AsyncGenerator<SessionExpiry[]> {
  const { table, id, expires } = store.sessions;
  const names = [id, expires.column, ...(expires.since === null ? [] : [expires.since.column])];
  const columns = names.map((name) => columnOf(store, 0, name));
  const select = columns.map((column) =>
    readable(quoteColumn("s", column.name), column, store.zone),
  );
  const match = matchRange(range)(quoteColumn("s", id));
  const layout = new RowLayout(columns, 0);
  const expiry = makeExpiry(store, startedAt);

  yield* connections.snapshot(
    async function* (client) {
      const buffer = new ReadBuffer();
      const batch = new SourceBatch(store.columns);
      const rows = CopyOut.run(
        client,
        `SELECT ${select.join(", ")} FROM ${quoteTable(table)} s WHERE ${match}`,
        layout.width,
        buffer,
      );
      const take = (): SessionExpiry[] => {
        batch.bytes = buffer.bytes;
        const taken = Array.from({ length: batch.count }, (_, i) => ({
          id: batch.id(i),
          expiresAt: expiry.milliseconds(batch, i),
        }));
        batch.clear();
        rows.forgetRead();
        return taken;
      };
      while (await rows.more()) {
        while (rows.next()) {
          layout.fill(batch, rows.row, buffer.bytes);
          batch.complete(rows.row.size);
          if (batch.count === BATCH) yield take();
        }
      }
      if (batch.count > 0) yield take();
    },
    signal === undefined ? {} : { signal },
  );
}
