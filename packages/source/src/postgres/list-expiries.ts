import { columnOf, makeExpiry, type ResolvedStore, SourceBatch } from "@rehome/core";
import type { ExpiryOptions, SessionExpiry } from "../source.js";
import { assertSeen } from "./assert-seen.js";
import type { Connections } from "./connections.js";
import { RowStream } from "./row-stream.js";
import { isEmpty, quoteColumn, readable } from "./expressions.js";
import { type PlacedRows, wholeOf } from "./reader.js";
import { ReadBuffer } from "./read-buffer.js";
import { RowLayout } from "./row-layout.js";

const BATCH = 1_000;

/** The columns of a row: whether it is empty, then those of the store. */
const [EMPTY, FIRST] = [0, 1];

/** Ids and expiries alone. A row that counts as expired for being empty expired before all others. */
export async function* listExpiries(
  connections: Connections,
  store: ResolvedStore,
  placed: PlacedRows,
  { startedAt, signal }: ExpiryOptions,
): AsyncGenerator<SessionExpiry[]> {
  const { id, expires } = store.sessions;
  const names = [id, expires.column, ...(expires.since === null ? [] : [expires.since.column])];
  const columns = names.map((name) => columnOf(store, 0, name));
  const select = [
    isEmpty(store, "s"),
    ...columns.map((column) => readable(quoteColumn("s", column.name), column, store.zone)),
  ];
  const layout = new RowLayout(columns, FIRST);
  const expiry = makeExpiry(store, startedAt);

  yield* connections.snapshot(
    async function* (client) {
      const opened = await placed.open(client);
      if (opened === null) return;
      const part = wholeOf(opened);
      const buffer = new ReadBuffer();
      const batch = new SourceBatch(store.columns);
      const empty = new Set<number>();
      const rows = RowStream.copy(
        client,
        `SELECT ${select.join(", ")} FROM ${part.from} WHERE ${part.where}`,
        layout.width,
        buffer,
      );
      const take = (): SessionExpiry[] => {
        batch.bytes = buffer.bytes;
        const taken = Array.from({ length: batch.count }, (_, i) => ({
          id: batch.id(i),
          expiresAt: empty.has(i) ? -Infinity : expiry.milliseconds(batch, i),
        }));
        batch.clear();
        empty.clear();
        rows.forgetRead();
        return taken;
      };
      while (await rows.more()) {
        while (rows.next()) {
          layout.fill(batch, rows.row, buffer.bytes);
          if (rows.row.isTrue(buffer.bytes, EMPTY)) empty.add(batch.count);
          batch.complete(rows.row.size);
          if (batch.count === BATCH) yield take();
        }
      }
      if (batch.count > 0) yield take();
      await placed.check(client);
      await assertSeen(client, store);
    },
    signal === undefined ? {} : { signal },
  );
}
