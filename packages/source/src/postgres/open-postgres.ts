import type { Range, ReadingOrder, ResolvedStore } from "@rehome/core";
import type { SessionSource, Source } from "../source.js";
import { type Connections, openConnections } from "./connections.js";
import { countSessions } from "./count.js";
import { findKnown } from "./find-known.js";
import { identify, inspect } from "./inspect.js";
import { listExpiries } from "./list-expiries.js";
import { listTables } from "./list-tables.js";
import { matchRange, possibleIds } from "./match.js";
import { makePagedReader } from "./paged-reader.js";
import { readBaseline } from "./physical/baseline.js";
import { planPages } from "./physical/plan-pages.js";
import { placedRange } from "./physical/placed-range.js";
import { planIds } from "./plan-ids.js";
import { placed } from "./reader.js";
import { rowsWhere } from "./rows.js";
import { sampleIds } from "./sample-ids.js";
import { isSingleTable, makeSingleTableReader } from "./single-table-reader.js";
import { survey } from "./survey.js";

export interface PostgresOptions {
  /** Connections at the most: one for each chunk in hand. */
  readonly connections?: number;
  /** A batch is closed once it holds so many bytes. */
  readonly batchBytes?: number;
  /** How long the server may keep one waiting without a word, in ms; by default for ever. */
  readonly inactivityTimeoutMs?: number;
}

const DEFAULT_BATCH_BYTES = 1024 * 1024;

export function openPostgres(url: URL, options: PostgresOptions): Source {
  const connections: Connections = openConnections(
    url,
    options.connections ?? 4,
    options.inactivityTimeoutMs,
  );
  const batchBytes = options.batchBytes ?? DEFAULT_BATCH_BYTES;
  let last: { readonly key: string; readonly sessions: SessionSource } | null = null;

  /** One run after the other reads the same store: what is known of it is kept. */
  function sessionsOf(store: ResolvedStore, order: ReadingOrder): SessionSource {
    const key = JSON.stringify([store, order]);
    if (last?.key !== key)
      last = { key, sessions: openSessions(connections, store, order, batchBytes) };
    return last.sessions;
  }

  return {
    probe: async () => void (await connections.query("SELECT 1")),
    inspect: (store) => inspect(connections, store),
    identify: (store) => identify(connections, store),
    listTables: () => listTables(connections),
    baseline: (store) => readBaseline(connections, store),
    sessions: sessionsOf,
    close: () => connections.close(),
  };
}

function openSessions(
  connections: Connections,
  store: ResolvedStore,
  order: ReadingOrder,
  batchBytes: number,
): SessionSource {
  const reader = isSingleTable(store)
    ? makeSingleTableReader(connections, store)
    : makePagedReader(connections, store);
  const shared: Pick<SessionSource, "survey" | "readByIds" | "findKnown"> = {
    survey: (options) => survey(connections, store, options),
    readByIds: (ids, read) => reader.readByIds(possibleIds(store, ids), { ...read, batchBytes }),
    findKnown: (ids) => findKnown(connections, store, ids),
  };
  if (order.kind === "physical") {
    return {
      ...shared,
      planChunks: (plan) => planPages(order, plan),
      // What is newer than the plan was not there when it was made.
      count: () => Promise.resolve(0),
      extract: (range, read) =>
        reader.readPlaced(placedRange(store, order, range), { ...read, batchBytes }),
      sampleIds: (range, size) =>
        sampleIds(connections, store, placedRange(store, order, range), size),
      listExpiries: (range, read) =>
        listExpiries(connections, store, placedRange(store, order, range), read),
    };
  }
  const rowsOf = (range: Range) => placed(rowsWhere(store, matchRange(range)));
  return {
    ...shared,
    planChunks: (plan) => planIds(connections, store, plan),
    count: (range) => countSessions(connections, store, range),
    extract: (range, read) => reader.readRange(range, { ...read, batchBytes }),
    sampleIds: (range, size) => sampleIds(connections, store, rowsOf(range), size),
    listExpiries: (range, read) => listExpiries(connections, store, rowsOf(range), read),
  };
}
