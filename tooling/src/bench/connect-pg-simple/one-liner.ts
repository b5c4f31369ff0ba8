import { argument, pipe, tuned } from "../pipe.js";

/** One statement, which reads the table from end to end. */
export const oneLiner = pipe({
  name: "one-liner: psql into redis-cli --pipe",
  settings: tuned,
  sql: `
SELECT e'*5\\r\\n$3\\r\\nSET\\r\\n' || ${argument("s.key")} || ${argument("s.value")} || e'$4\\r\\nPXAT\\r\\n$13\\r\\n'
       || floor(extract(epoch FROM s.expire) * 1000)::bigint || e'\\r\\n'
  FROM (SELECT 'sess:' || sid AS key, sess::text AS value, expire FROM session WHERE expire > localtimestamp) s`,
  commands: 1,
});
