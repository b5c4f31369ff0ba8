import type { ResolvedStore } from "@rehome/core";
import type { SessionSource, Source } from "../source.js";
import { type Connections, openConnections } from "./connections.js";
import { countSessions } from "./count.js";
import { findKnown } from "./find-known.js";
import { identify, inspect } from "./inspect.js";
import { listExpiries } from "./list-expiries.js";
import { listTables } from "./list-tables.js";
import { possibleIds } from "./match.js";
import { makePagedReader } from "./paged-reader.js";
import { planBounds } from "./plan-bounds.js";
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
  function sessionsOf(store: ResolvedStore): SessionSource {
    const key = JSON.stringify(store);
    if (last?.key !== key) last = { key, sessions: openSessions(connections, store, batchBytes) };
    return last.sessions;
  }

  return {
    probe: async () => void (await connections.query("SELECT 1")),
    inspect: (store) => inspect(connections, store),
    identify: (store) => identify(connections, store),
    listTables: () => listTables(connections),
    sessions: sessionsOf,
    close: () => connections.close(),
  };
}

function openSessions(
  connections: Connections,
  store: ResolvedStore,
  batchBytes: number,
): SessionSource {
  const reader = isSingleTable(store)
    ? makeSingleTableReader(connections, store)
    : makePagedReader(connections, store);
  return {
    planBounds: (plan) => planBounds(connections, store, plan),
    count: (range) => countSessions(connections, store, range),
    survey: (options) => survey(connections, store, options),
    extract: (range, read) => reader.readRange(range, { ...read, batchBytes }),
    readByIds: (ids, read) => reader.readByIds(possibleIds(store, ids), { ...read, batchBytes }),
    findKnown: (ids) => findKnown(connections, store, ids),
    sampleIds: (range, size) => sampleIds(connections, store, range, size),
    listExpiries: (range, read) => listExpiries(connections, store, range, read),
  };
}
