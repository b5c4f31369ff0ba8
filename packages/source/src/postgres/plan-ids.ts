import type { Bound, ResolvedStore } from "@rehome/core";
import type { PoolClient } from "pg";
import type { PlannedChunk, SessionSource } from "../source.js";
import type { Connections } from "./connections.js";
import { idColumnOf } from "./id-column.js";
import { matchRange } from "./match.js";
import { READ_BY_INDEX } from "./transaction-settings.js";

const MAX_BOUNDS = 256;

/**
 * One ordered scan of the index through a cursor that skips from bound to bound: told that only a small part of the
 * rows will be wanted, the planner does not sort the table first. Ids are compared by the server alone.
 */
export async function* planIds(
  connections: Connections,
  store: ResolvedStore,
  { after, chunkSize, signal }: Parameters<SessionSource["planChunks"]>[0],
): AsyncGenerator<PlannedChunk[]> {
  const session = idColumnOf(store);
  const condition = matchRange({ after, upTo: null })(session.sql);
  const skip = chunkSize === 1 ? "" : `MOVE FORWARD ${chunkSize - 1} FROM ids; `;
  const scan = async function* (client: PoolClient): AsyncGenerator<PlannedChunk[]> {
    await client.query(
      `SET LOCAL cursor_tuple_fraction = 0;
       DECLARE ids NO SCROLL CURSOR FOR
         SELECT ${session.text} AS id FROM ${session.from} WHERE ${condition} ORDER BY ${session.sql}`,
    );
    /** The end of a chunk that may be the last one, whose end is no bound. */
    let pending: Bound | null = null;
    let last = after;
    for (let size = 1; ; size = Math.min(size * 2, MAX_BOUNDS)) {
      signal?.throwIfAborted();
      const chunks: PlannedChunk[] = [];
      let id: Bound | undefined;
      const results = await client.query<{ id: Bound }>(`${skip}FETCH FROM ids;`.repeat(size));
      for (const { rows, rowCount } of [results].flat()) {
        if (rowCount !== 0 && pending !== null) {
          chunks.push({ upTo: pending, sessions: chunkSize });
          pending = null;
        }
        id = rows[0]?.id;
        if (id === undefined) continue;
        // Several rows have this id: they belong to one chunk.
        if (id === last) continue;
        [pending, last] = [id, id];
      }
      if (chunks.length > 0) yield chunks;
      if (id === undefined) return;
    }
  };
  yield* connections.snapshot(scan, {
    settings: READ_BY_INDEX,
    ...(signal === undefined ? {} : { signal }),
  });
}
