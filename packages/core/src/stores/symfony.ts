import type { Preset } from "./preset.js";

/** PdoSessionHandler::MAX_LIFETIME: below it, `sess_lifetime` is a duration. */
const MAX_LIFETIME = 315_576_000;

export const symfony: Preset = {
  name: "symfony",
  source: "Symfony's PdoSessionHandler",
  target: "RedisSessionHandler: string sf_s<sess_id>",
  defaults: { table: "sessions", keyPrefix: "sf_s" },
  needs: [],
  traps: [
    "`sess_lifetime` is the expiry; in rows from before Symfony 4.4 it is a duration from `sess_time`. Both are read, as Symfony does up to 5.4; later versions take every row for an expiry.",
    "A row without data is only the lock of a request for an unknown id: it counts as expired.",
    "Applications often set another prefix: `keyPrefix` is the option `prefix` of RedisSessionHandler.",
  ],
  readIn: "HttpFoundation 5.4.53",
  describe: ({ table, keyPrefix }) => ({
    sessions: {
      table,
      id: "sess_id",
      expires: {
        column: "sess_lifetime",
        as: "epoch-seconds",
        since: { column: "sess_time", atMost: MAX_LIFETIME },
      },
    },
    value: { string: "sess_data", codec: "bytes", empty: "expired" },
    keyPrefix,
  }),
};
