import type { SessionId } from "@rehome/core";
import { RehomeError } from "@rehome/core";
import type { Source } from "../source.js";
import type { Connections } from "./connections.js";
import { matchRange } from "./statement.js";

const MAX_FETCH = 256;

/**
 * One ordered index scan through a cursor: told that only a small part of the rows will be wanted, the planner
 * does not sort the table first. Ids are compared by the server alone.
 */
export async function* planBounds(
  connections: Connections,
  { after, chunkSize, signal }: Parameters<Source["planBounds"]>[0],
): AsyncGenerator<SessionId[]> {
  const select = `
    SELECT previous FROM (
      SELECT row_number() OVER ids AS number, lag(session_id) OVER ids AS previous
        FROM user_sessions WHERE ${matchRange({ after, upTo: null })("session_id")}
      WINDOW ids AS (ORDER BY session_id)
    ) numbered WHERE number > 1 AND (number - 1) % ${chunkSize} = 0`;
  yield* connections.snapshot(async function* (client) {
    await client.query(
      `SET LOCAL cursor_tuple_fraction = 0; DECLARE bounds NO SCROLL CURSOR FOR ${select}`,
    );
    let last = after;
    for (let size = 1; ; size = Math.min(size * 2, MAX_FETCH)) {
      signal?.throwIfAborted();
      const { rows } = await client.query<{ previous: SessionId }>(`FETCH ${size} FROM bounds`);
      if (rows.length === 0) return;
      for (const { previous } of rows) {
        if (previous === last)
          throw new RehomeError("plan-stuck", "the plan does not advance: a bound came twice");
        last = previous;
      }
      yield rows.map(({ previous }) => previous);
    }
  }, signal);
}
