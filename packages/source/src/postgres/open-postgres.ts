import type { Source } from "../source.js";
import { type Connections, openConnections } from "./connections.js";
import { countSessions } from "./count.js";
import { extractIds, extractRange } from "./extract.js";
import { findKnown } from "./find-known.js";
import { inspect } from "./inspect.js";
import { listExpiries } from "./list-expiries.js";
import { planBounds } from "./plan-bounds.js";
import { sampleIds } from "./sample-ids.js";
import { survey } from "./survey.js";

export interface PostgresOptions {
  /** Connections at the most: one for each chunk in hand. */
  readonly connections?: number;
  /** A batch is closed once it holds so many bytes. */
  readonly batchBytes?: number;
  /** How long the server may keep one waiting without a word, in ms; by default for ever. */
  readonly inactivityTimeoutMs?: number;
}

export function openPostgres(url: URL, options: PostgresOptions): Source {
  const connections: Connections = openConnections(
    url,
    options.connections ?? 4,
    options.inactivityTimeoutMs,
  );
  const batchBytes = options.batchBytes ?? 1024 * 1024;
  return {
    inspect: () => inspect(connections),
    planBounds: (plan) => planBounds(connections, plan),
    count: (range) => countSessions(connections, range),
    survey: (options) => survey(connections, options),
    extract: (range, read) => extractRange(connections, range, { ...read, batchBytes }),
    readByIds: (ids, read) => extractIds(connections, ids, { ...read, batchBytes }),
    findKnown: (ids) => findKnown(connections, ids),
    sampleIds: (range, size) => sampleIds(connections, range, size),
    listExpiries: (range, read) => listExpiries(connections, range, read),
    close: () => connections.close(),
  };
}
