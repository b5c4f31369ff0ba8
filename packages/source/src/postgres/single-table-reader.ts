import { type ResolvedStore, type SessionId, type SourceBatch, WHOLE } from "@rehome/core";
import type { PoolClient } from "pg";
import { assertSeen } from "./assert-seen.js";
import type { Connections } from "./connections.js";
import { matchRange } from "./match.js";
import { OpenBatch } from "./open-batch.js";
import { type ExtractOptions, type Reader, wholeOf } from "./reader.js";
import { ReadSpaces } from "./read-space.js";
import { RowLayout } from "./row-layout.js";
import { type Rows, rowsOfIds, rowsWhere } from "./rows.js";
import { RowStream } from "./row-stream.js";
import { columnsOfTable, FIRST_COLUMN, ID, selectSessions, WITHHELD } from "./statement.js";
import { READ_SLICE } from "./transaction-settings.js";

/** More of them in one statement only make the statement long. */
const MAX_IDS = 2_000;

/** A store whose sessions are rows of one table, each with an id of its own. */
export function isSingleTable({ lookups, attributes, isUnique }: ResolvedStore): boolean {
  return lookups.length === 0 && attributes === null && isUnique;
}

/** Reads such a store: one statement, in whatever order the server finds the rows. */
export function makeSingleTableReader(connections: Connections, store: ResolvedStore): Reader {
  const spaces = new ReadSpaces(store);
  const layout = new RowLayout(columnsOfTable(store, 0), FIRST_COLUMN);

  function inSnapshot(
    read: (client: PoolClient) => AsyncGenerator<SourceBatch>,
    settings: string,
    { signal }: ExtractOptions,
  ): AsyncGenerator<SourceBatch> {
    return connections.snapshot(
      async function* (client) {
        yield* read(client);
        await assertSeen(client, store);
      },
      { settings, ...(signal && { signal }) },
    );
  }

  async function* read(
    client: PoolClient,
    parts: Iterable<Rows>,
    { maxSessionBytes, batchBytes }: ExtractOptions,
  ): AsyncGenerator<SourceBatch> {
    const space = spaces.take();
    const { buffer } = space;
    const open = new OpenBatch(space, batchBytes);
    const { batch } = open;
    for (const part of parts) {
      const select = selectSessions(store, part, maxSessionBytes, null);
      const rows = RowStream.copy(client, select, layout.width, buffer);
      const { row } = rows;
      while (await rows.more()) {
        while (rows.next()) {
          batch.setText(0, row.start(ID), row.end(ID));
          layout.fill(batch, row, buffer.bytes);
          open.complete(row.isTrue(buffer.bytes, WITHHELD) ? Infinity : row.size);
          if (!open.isFull) continue;
          yield* open.take();
          rows.forgetRead();
        }
      }
      yield* open.take();
      buffer.clear();
    }
    spaces.giveBack(space);
  }

  return {
    readRange: (range, options) => {
      const rows = rowsWhere(store, matchRange(range));
      const isWhole = range.after === WHOLE.after && range.upTo === WHOLE.upTo;
      return inSnapshot(
        (client) => read(client, [rows], options),
        isWhole ? "" : READ_SLICE,
        options,
      );
    },
    readByIds: (ids, options) =>
      inSnapshot((client) => read(client, rowsOfSlices(store, ids), options), READ_SLICE, options),
    readPlaced: (placed, options) =>
      inSnapshot(
        async function* (client) {
          const rows = await placed.open(client);
          if (rows === null) return;
          yield* read(client, [wholeOf(rows)], options);
          await placed.check(client);
        },
        READ_SLICE,
        options,
      ),
  };
}

function* rowsOfSlices(store: ResolvedStore, ids: readonly SessionId[]): Generator<Rows> {
  for (let i = 0; i < ids.length; i += MAX_IDS) yield rowsOfIds(store, ids.slice(i, i + MAX_IDS));
}
