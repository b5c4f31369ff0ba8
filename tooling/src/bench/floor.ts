import type { Contender } from "./contender.js";
import { runTimed } from "./timed-shell.js";

/**
 * What nobody can be faster than: the sessions' table read from end to end, as psql receives it, and thrown away.
 * `columns` are those that are moved.
 */
export function makeFloor(columns: string, table: string): Contender {
  return {
    name: "floor: one sequential scan to /dev/null",
    leaves: "nothing",
    move: async ({ urls, sessions }) => {
      const { code, complained, seconds, processorSeconds } = await runTimed(
        '"$PSQL" -X -q -v ON_ERROR_STOP=1 -c "$SQL" "$SOURCE_URL" > /dev/null',
        urls.SOURCE_URL,
        { SQL: `COPY (SELECT ${columns} FROM ${table}) TO STDOUT` },
      );
      if (code !== 0) throw new Error(`the sequential scan failed: ${complained}`);
      return { moved: sessions, seconds, loaderSeconds: processorSeconds, peakBytes: null };
    },
  };
}
