import type { SessionId } from "@rehome/core";
import { RehomeError } from "@rehome/core";
import type { Source } from "../source.js";
import type { Connections } from "./connections.js";
import { matchRange } from "./statement.js";

const MAX_BOUNDS = 256;

/**
 * One ordered scan of the index through a cursor that skips from bound to bound: told that only a small part of the
 * rows will be wanted, the planner does not sort the table first. Ids are compared by the server alone.
 */
export async function* planBounds(
  connections: Connections,
  { after, chunkSize, signal }: Parameters<Source["planBounds"]>[0],
): AsyncGenerator<SessionId[]> {
  const condition = matchRange({ after, upTo: null })("session_id");
  const skip = chunkSize === 1 ? "" : `MOVE FORWARD ${chunkSize - 1} FROM ids; `;
  yield* connections.snapshot(async function* (client) {
    await client.query(
      `SET LOCAL cursor_tuple_fraction = 0;
       DECLARE ids NO SCROLL CURSOR FOR
         SELECT session_id AS id FROM user_sessions WHERE ${condition} ORDER BY session_id`,
    );
    /** The end of a chunk that may be the last one, whose end is no bound. */
    let pending: SessionId | null = null;
    let last = after;
    for (let size = 1; ; size = Math.min(size * 2, MAX_BOUNDS)) {
      signal?.throwIfAborted();
      const bounds: SessionId[] = [];
      let id: SessionId | undefined;
      const results = await client.query<{ id: SessionId }>(`${skip}FETCH FROM ids;`.repeat(size));
      for (const { rows, rowCount } of [results].flat()) {
        if (rowCount !== 0 && pending !== null) {
          bounds.push(pending);
          pending = null;
        }
        id = rows[0]?.id;
        if (id === undefined) continue;
        if (id === last)
          throw new RehomeError("plan-stuck", "the plan does not advance: a bound came twice");
        [pending, last] = [id, id];
      }
      if (bounds.length > 0) yield bounds;
      if (id === undefined) return;
    }
  }, signal);
}
