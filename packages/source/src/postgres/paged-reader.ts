import type { Range, ResolvedStore, SessionId, SourceBatch } from "@rehome/core";
import type { PoolClient } from "pg";
import { findAttributeLookup } from "./attribute-lookup.js";
import { Attributes } from "./attributes.js";
import { type Connections, READ_BY_INDEX } from "./connections.js";
import { type Match, matchIds, matchRange } from "./match.js";
import { type Page, type PageLimits, readPage } from "./page.js";
import { type ReadSpace, ReadSpaces } from "./read-space.js";
import { ATTRIBUTE, type AttributeLookup, selectAttributes } from "./statement.js";
import { type ExtractOptions, isFull, type Reader } from "./reader.js";

/**
 * Rows are the cheaper to look up the more of them there are at once; but a page is held in memory. Rows of the
 * usual length are read in pages of the most sessions, longer ones in smaller pages.
 */
const MAX_PAGE_SESSIONS = 20_000;
const FIRST_PAGE_SESSIONS = 2_000;
const PAGE_BYTES = 8 * 1024 * 1024;
const MAX_ROW_BYTES = 4_096;

interface Reading extends ExtractOptions {
  readonly store: ResolvedStore;
  readonly client: PoolClient;
  readonly lookup: AttributeLookup;
  readonly space: ReadSpace;
}

/**
 * Reads sessions with what belongs to them in other tables. Page by page, reads that each follow an index: sessions, what
 * is looked up for them, their attributes. The server is asked for no join of rows by the million, and its work for a
 * page does not grow with any table. Memory is bounded by a page of short rows, one batch and one session.
 */
export function makePagedReader(connections: Connections, store: ResolvedStore): Reader {
  const spaces = new ReadSpaces(store);
  let lookup: Promise<AttributeLookup> | null = null;

  /** Asked of the catalogue once. */
  async function knownLookup(): Promise<AttributeLookup> {
    const asked = (lookup ??= findAttributeLookup(connections, store));
    return await asked.catch((error: unknown) => {
      lookup = null;
      throw error;
    });
  }

  async function* read(
    options: ExtractOptions,
    readAll: (reading: Reading) => AsyncGenerator<SourceBatch>,
  ): AsyncGenerator<SourceBatch> {
    const found = await knownLookup();
    const { signal } = options;
    yield* connections.snapshot(
      async function* (client) {
        const space = spaces.take();
        yield* readAll({ ...options, store, client, space, lookup: found });
        spaces.giveBack(space);
      },
      { settings: READ_BY_INDEX, ...(signal === undefined ? {} : { signal }) },
    );
  }

  return {
    readRange: (range, options) => read(options, (reading) => readRange(reading, range)),
    readByIds: (ids, options) => read(options, (reading) => readIds(reading, ids)),
  };
}

async function* readRange(reading: Reading, range: Range): AsyncGenerator<SourceBatch> {
  let { after } = range;
  for (;;) {
    const most = reading.space.pageSessions || FIRST_PAGE_SESSIONS;
    const page = await readNextPage(reading, matchRange({ after, upTo: range.upTo }), most);
    if (page.lastId === null) return;
    yield* readWhole(reading, page, matchRange({ after, upTo: page.lastId }));
    if (page.read < most) return;
    after = page.lastId;
  }
}

async function* readIds(reading: Reading, ids: readonly SessionId[]): AsyncGenerator<SourceBatch> {
  for (let i = 0; i < ids.length; i += FIRST_PAGE_SESSIONS) {
    const match = matchIds(ids.slice(i, i + FIRST_PAGE_SESSIONS));
    const page = await readSessions(reading, match, {
      sessions: FIRST_PAGE_SESSIONS,
      rowBytes: MAX_ROW_BYTES,
    });
    yield* readWhole(reading, page, match);
  }
}

async function readNextPage(reading: Reading, match: Match, most: number): Promise<Page> {
  const { space } = reading;
  const page = await readSessions(reading, match, {
    sessions: most,
    // Should all of them be longer than those before, it is still a page that can be held.
    rowBytes: Math.min(MAX_ROW_BYTES, Math.floor((4 * PAGE_BYTES) / most)),
  });
  if (page.read > 0) {
    const bytes = space.buffer.end + page.large.size * MAX_ROW_BYTES;
    space.pageSessions = Math.min(Math.ceil((PAGE_BYTES / bytes) * page.read), MAX_PAGE_SESSIONS);
  }
  return page;
}

function readSessions(
  { client, space, store, maxSessionBytes }: Reading,
  match: Match,
  limits: Omit<PageLimits, "maxSessionBytes">,
): Promise<Page> {
  return readPage(client, space.buffer, store, match, { ...limits, maxSessionBytes });
}

async function* readWhole(reading: Reading, page: Page, match: Match): AsyncGenerator<SourceBatch> {
  yield* joinAttributes(reading, page, match);
  for (const id of page.large) {
    const alone = matchIds([id]);
    const one = await readSessions(reading, alone, { sessions: 1, rowBytes: Infinity });
    yield* joinAttributes(reading, one, alone);
  }
}

/** A merge join: both sides come in one order, so with the next session's first attribute the last one is complete. */
async function* joinAttributes(
  { client, store, lookup, space, batchBytes, maxSessionBytes }: Reading,
  page: Page,
  match: Match,
): AsyncGenerator<SourceBatch> {
  if (page.count === 0) return;
  const { buffer, batch } = space;
  const select =
    store.attributes === null ? null : selectAttributes(store, match, maxSessionBytes, lookup);
  const attributes = select === null ? null : new Attributes(client, select, page);
  let batched = 0;
  batch.clear();

  for (let place = 0; place < page.count; place += 1) {
    let attributeBytes = 0;
    attributes?.begin(place);
    while (attributes !== null) {
      const found = attributes.next();
      if (found === "later") break;
      if (found === "wait") {
        if (await attributes.more()) continue;
        break;
      }
      const { rows } = attributes;
      if (found === "own") {
        const { row } = rows;
        attributeBytes += row.isTrue(buffer.bytes, ATTRIBUTE.withheld) ? Infinity : row.size;
        // A session that is larger than any that is read keeps none of its attributes.
        if (attributeBytes > maxSessionBytes) {
          attributeBytes = Infinity;
          batch.dropAttributes();
        } else {
          const { name, value } = ATTRIBUTE;
          batch.addAttribute(row.start(name), row.end(name), row.start(value), row.end(value));
        }
      }
      // What belongs to no session, or to one over the limit, is not kept.
      if (rows.keptBytes > batchBytes && batch.pendingAttributes === 0) {
        if (batch.count > 0) {
          batch.bytes = buffer.bytes;
          yield batch;
          batch.clear();
          batched = 0;
        }
        rows.forgetRead();
      }
    }
    const bytes = page.fill(place, batch) + attributeBytes;
    batch.complete(bytes);
    batched += bytes;
    if (!isFull(batch, batched, batchBytes)) continue;
    batch.bytes = buffer.bytes;
    yield batch;
    batch.clear();
    batched = 0;
    attributes?.forget();
  }
  if (batch.count === 0) return;
  batch.bytes = buffer.bytes;
  yield batch;
}
