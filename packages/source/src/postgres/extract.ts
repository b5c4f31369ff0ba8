import { type Range, type SessionId, SourceBatch } from "@rehome/core";
import type { PoolClient } from "pg";
import type { ReadOptions } from "../source.js";
import { findAttributeLookup } from "./collation.js";
import type { Connections } from "./connections.js";
import { CopyOut } from "./copy-out.js";
import { Merge, NO_SESSION } from "./merge.js";
import { type Page, readPage } from "./page.js";
import { ReadBuffer } from "./read-buffer.js";
import {
  ATTRIBUTE_COLUMNS,
  type AttributeLookup,
  type Limits,
  type Match,
  matchIds,
  matchRange,
  selectAttributes,
} from "./statement.js";

/**
 * Users are the cheaper to look up the more of them there are at once; but a page is held in memory. Rows of the
 * usual length are read in pages of the most sessions, longer ones in smaller pages.
 */
const MAX_PAGE_SESSIONS = 20_000;
const FIRST_PAGE_SESSIONS = 2_000;
const PAGE_BYTES = 8 * 1024 * 1024;
const MAX_ROW_BYTES = 4_096;

interface ExtractOptions extends ReadOptions {
  readonly batchBytes: number;
}

interface Reading {
  readonly client: PoolClient;
  readonly lookup: AttributeLookup;
  readonly limits: Limits;
  readonly batchBytes: number;
  readonly space: Space;
}

/** What is read into, by one chunk after the other. */
interface Space {
  readonly buffer: ReadBuffer;
  readonly batch: SourceBatch;
  /** As many as fit in a page, as far as is known from the last one. */
  pageSessions: number;
}

const spare = new WeakMap<Connections, Space[]>();

/** Once all has been read: of a read that broke off, something may still come in. */
function putBack(connections: Connections, space: Space): void {
  space.buffer.clear();
  space.batch.clear();
  const others = spare.get(connections) ?? [];
  spare.set(connections, [...others, space]);
}

/**
 * The sessions of a range, whole, in batches bounded in bytes; all of one moment. Page by page, three reads that
 * each follow an index: sessions, their users, their attributes. The server is asked for no join of rows by the
 * million, and its work for a page does not grow with any table. Memory is bounded by a page of short rows, one
 * batch and one session.
 */
export async function* extractRange(
  connections: Connections,
  range: Range,
  options: ExtractOptions,
): AsyncGenerator<SourceBatch> {
  const lookup = await findAttributeLookup(connections);
  yield* connections.snapshot(async function* (client) {
    const reading = beginReading(connections, client, lookup, options);
    let { after } = range;
    for (;;) {
      const rest = matchRange({ after, upTo: range.upTo });
      const asked = reading.space.pageSessions;
      const page = await readNextPage(reading, rest);
      if (page.lastId === null) break;
      yield* readWhole(reading, page, matchRange({ after, upTo: page.lastId }));
      if (page.count + page.large.length < asked) break;
      after = page.lastId;
    }
    putBack(connections, reading.space);
  }, options.signal);
}

/** The same for sessions by their ids; those that are not there are left out. */
export async function* extractIds(
  connections: Connections,
  ids: readonly SessionId[],
  options: ExtractOptions,
): AsyncGenerator<SourceBatch> {
  const lookup = await findAttributeLookup(connections);
  yield* connections.snapshot(async function* (client) {
    const reading = beginReading(connections, client, lookup, options);
    for (let i = 0; i < ids.length; i += FIRST_PAGE_SESSIONS) {
      const match = matchIds(ids.slice(i, i + FIRST_PAGE_SESSIONS));
      const page = await readPage(client, reading.space.buffer, match, reading.limits, {
        sessions: FIRST_PAGE_SESSIONS,
        rowBytes: MAX_ROW_BYTES,
      });
      yield* readWhole(reading, page, match);
    }
    putBack(connections, reading.space);
  }, options.signal);
}

function beginReading(
  connections: Connections,
  client: PoolClient,
  lookup: AttributeLookup,
  { batchBytes, timeZone, maxSessionBytes }: ExtractOptions,
): Reading {
  const space = spare.get(connections)?.pop() ?? {
    buffer: new ReadBuffer(),
    batch: new SourceBatch(),
    pageSessions: FIRST_PAGE_SESSIONS,
  };
  return { client, lookup, batchBytes, space, limits: { timeZone, bytes: maxSessionBytes } };
}

async function readNextPage(reading: Reading, match: Match): Promise<Page> {
  const { client, space, limits } = reading;
  const page = await readPage(client, space.buffer, match, limits, {
    sessions: space.pageSessions,
    // Should all of them be longer than those before, it is still a page that can be held.
    rowBytes: Math.min(MAX_ROW_BYTES, Math.floor((4 * PAGE_BYTES) / space.pageSessions)),
  });
  const sessions = page.count + page.large.length;
  if (sessions > 0) {
    const bytes = space.buffer.end + page.large.length * MAX_ROW_BYTES;
    space.pageSessions = Math.min(Math.ceil((PAGE_BYTES / bytes) * sessions), MAX_PAGE_SESSIONS);
  }
  return page;
}

async function* readWhole(reading: Reading, page: Page, match: Match): AsyncGenerator<SourceBatch> {
  yield* readAttributes(reading, page, match);
  for (const id of page.large) {
    const alone = matchIds([id]);
    const { client, space, limits } = reading;
    const one = await readPage(client, space.buffer, alone, limits, {
      sessions: 1,
      rowBytes: Infinity,
    });
    yield* readAttributes(reading, one, alone);
  }
}

/** Gives each session its attributes, and hands out those that have all of theirs. */
async function* readAttributes(
  { client, lookup, limits, batchBytes, space: { buffer, batch } }: Reading,
  page: Page,
  match: Match,
): AsyncGenerator<SourceBatch> {
  if (page.count === 0) return;
  const merge = new Merge(page, batch, batchBytes, limits.bytes);
  const handOut = () => {
    batch.bytes = buffer.bytes;
    return batch;
  };

  const select = selectAttributes(match, limits, lookup);
  const attributes = CopyOut.run(client, select, ATTRIBUTE_COLUMNS, buffer);
  while (await attributes.more()) {
    while (attributes.next()) {
      const place = merge.placeOf(attributes.row);
      while (!merge.completeBefore(place === NO_SESSION ? merge.afterBegun : place)) {
        yield handOut();
        merge.clear();
        attributes.forgetBefore();
      }
      if (place !== NO_SESSION) merge.add(attributes.row);
      // Of attributes that belong to none, or to a session over the limit, nothing is kept.
      if (attributes.keptBytes > batchBytes && batch.pendingAttributes === 0) {
        if (batch.count > 0) yield handOut();
        merge.clear();
        attributes.forgetRead();
      }
    }
  }
  while (!merge.completeBefore(page.count)) {
    yield handOut();
    merge.clear();
  }
  if (batch.count > 0) yield handOut();
}
