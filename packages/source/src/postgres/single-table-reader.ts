import type { Range, ResolvedStore, SessionId, SourceBatch } from "@rehome/core";
import type { Connections } from "./connections.js";
import { CopyOut } from "./copy-out.js";
import { type Match, matchIds, matchRange } from "./match.js";
import { OpenBatch } from "./open-batch.js";
import type { ExtractOptions, Reader } from "./reader.js";
import { ReadSpaces } from "./read-space.js";
import { RowLayout } from "./row-layout.js";
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

  async function* read(
    matches: readonly Match[],
    settings: string,
    { maxSessionBytes, batchBytes, signal }: ExtractOptions,
  ): AsyncGenerator<SourceBatch> {
    yield* connections.snapshot(
      async function* (client) {
        const space = spaces.take();
        const { buffer } = space;
        const open = new OpenBatch(space, batchBytes);
        const { batch } = open;
        for (const match of matches) {
          const select = selectSessions(store, match, maxSessionBytes, null);
          const rows = CopyOut.run(client, select, layout.width, buffer);
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
      },
      { settings, ...(signal === undefined ? {} : { signal }) },
    );
  }

  return {
    readRange: (range, options) =>
      read([matchRange(range)], isWhole(range) ? "" : READ_SLICE, options),
    readByIds: (ids, options) => read([...slices(ids)].map(matchIds), READ_SLICE, options),
  };
}

function isWhole({ after, upTo }: Range): boolean {
  return after === null && upTo === null;
}

function* slices(ids: readonly SessionId[]): Generator<readonly SessionId[]> {
  for (let i = 0; i < ids.length; i += MAX_IDS) yield ids.slice(i, i + MAX_IDS);
}
