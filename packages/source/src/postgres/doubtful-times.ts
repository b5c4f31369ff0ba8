import { columnOf, isZoneless, type ResolvedStore } from "@rehome/core";
import type { Connections } from "./connections.js";
import { absoluteTime, expiresWithin, hasExpired, quoteColumn, quoteTable } from "./expressions.js";

/** So many sessions tell of all; of a few nothing can be said. */
const SAMPLE = 2_000;
const FEWEST = 20;

const DISTANT_YEARS = 10;
const DISTANT_SECONDS = DISTANT_YEARS * 365 * 86_400;

/** As far as clocks may differ. */
const AHEAD_SECONDS = 600;

interface Counts {
  readonly looked: number;
  readonly expired: number;
  readonly distant: number;
  readonly ahead: number;
}

/**
 * Warns of times that look as if they were read in the wrong zone or unit: then users would be logged out, or stay for
 * years, and a verification could not tell. Looks at the first sessions in the order of ids, by the server's clock.
 */
export async function readDoubtfulTimes(
  connections: Connections,
  store: ResolvedStore,
): Promise<string[]> {
  const [counts] = await connections.query<Counts & Record<string, number>>(select(store));
  if (counts === undefined) return [];
  const { looked, expired, distant, ahead } = counts;
  const among = (count: number) => `${count} of the ${looked} sessions looked at`;
  const isLarge = (count: number) => looked >= FEWEST && count >= looked / 2;
  const hint = store.columns.some(isZoneless)
    ? `check that times without a zone are meant as ${store.zone} (store.zone)`
    : "check what the store says of its expiry";
  return [
    ...(isLarge(expired) ? [`${among(expired)} have expired: ${hint}`] : []),
    ...(isLarge(distant)
      ? [`${among(distant)} expire in more than ${DISTANT_YEARS} years: ${hint}`]
      : []),
    ...(ahead > 0 ? [`${among(ahead)} were last used in the server's future: ${hint}`] : []),
  ];
}

/** Without an index on the ids, an order would cost a look at all of them. */
function select(store: ResolvedStore): string {
  const { table, id } = store.sessions;
  const order = store.isUnique ? `ORDER BY ${quoteColumn("t", id)}` : "";
  // No others: the user may have been granted these columns alone.
  const columns = store.columns.filter((column) => column.table === 0);
  const names = columns.map(({ name }) => quoteColumn("t", name)).join(", ");
  const count = (condition: string) => `count(*) FILTER (WHERE ${condition})::int`;
  return `SELECT count(*)::int AS looked, ${count(hasExpired(store, "s"))} AS expired,
                 ${count(`NOT (${expiresWithin(store, "s", DISTANT_SECONDS)})`)} AS distant,
                 ${count(isAhead(store))} AS ahead
            FROM (SELECT ${names} FROM ${quoteTable(table)} t ${order} LIMIT ${SAMPLE}) s`;
}

/** Whether a session was last used later than now: said by its recency, or by an expiry that is made of its last use. */
function isAhead(store: ResolvedStore): string {
  const { recency, expires } = store.sessions;
  if (recency !== null && columnOf(store, 0, recency).kind === "time")
    return `${absoluteTime(store, "s", recency)} > now() + interval '${AHEAD_SECONDS} seconds'`;
  if (expires.plusSeconds > 0)
    return `NOT (${expiresWithin(store, "s", expires.plusSeconds + AHEAD_SECONDS)})`;
  return "false";
}
