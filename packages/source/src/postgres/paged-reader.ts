import type { Range, ResolvedStore, SessionId, SourceBatch } from "@rehome/core";
import { findAttributeLookup } from "./attribute-lookup.js";
import type { Connections } from "./connections.js";
import { joinAttributes, type Reading } from "./join-attributes.js";
import { type Match, matchIds, matchRange } from "./match.js";
import { type Page, type PageLimits, readPage } from "./page.js";
import { ReadSpaces } from "./read-space.js";
import type { ExtractOptions, Reader } from "./reader.js";
import type { AttributeLookup } from "./statement.js";
import { READ_BY_INDEX } from "./transaction-settings.js";

/**
 * Rows are the cheaper to look up the more of them there are at once; but a page is held in memory. Rows of the
 * usual length are read in pages of the most sessions, longer ones in smaller pages.
 */
const MAX_PAGE_SESSIONS = 20_000;
const FIRST_PAGE_SESSIONS = 2_000;
const PAGE_BYTES = 8 * 1024 * 1024;
const MAX_VALUE_BYTES = 4_096;

/** Sessions that were left out of a page for a longer value are read a few at a time. */
interface Group {
  readonly sessions: number;
  /** Those with a value that is longer still are read alone. */
  readonly valueBytes: number;
}
const GROUP: Group = { sessions: 16, valueBytes: 1024 * 1024 };
const ALONE: Group = { sessions: 1, valueBytes: Infinity };

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
    lookup ??= findAttributeLookup(connections, store);
    return await lookup.catch((error: unknown) => {
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
    const { lastId } = page;
    if (lastId === null) return;
    const isLast = page.count < most;
    yield* readWhole(reading, page, matchRange({ after, upTo: lastId }));
    if (isLast) return;
    after = lastId;
  }
}

async function* readIds(reading: Reading, ids: readonly SessionId[]): AsyncGenerator<SourceBatch> {
  for (let i = 0; i < ids.length; i += FIRST_PAGE_SESSIONS) {
    const match = matchIds(ids.slice(i, i + FIRST_PAGE_SESSIONS));
    const page = await read(reading, match, { sessions: null, valueBytes: MAX_VALUE_BYTES });
    yield* readWhole(reading, page, match);
  }
}

async function readNextPage(reading: Reading, match: Match, most: number): Promise<Page> {
  const { space } = reading;
  const page = await read(reading, match, {
    sessions: most,
    // Should all of them be longer than those before, it is still a page that can be held.
    valueBytes: Math.min(MAX_VALUE_BYTES, Math.floor((4 * PAGE_BYTES) / most)),
  });
  if (page.count > 0) {
    const bytes = space.buffer.end + page.largeIds.length * MAX_VALUE_BYTES;
    space.pageSessions = Math.min(Math.ceil((PAGE_BYTES / bytes) * page.count), MAX_PAGE_SESSIONS);
  }
  return page;
}

function read(
  { client, space, store, maxSessionBytes }: Reading,
  match: Match,
  limits: Omit<PageLimits, "maxSessionBytes">,
): Promise<Page> {
  return readPage(client, space.buffer, store, match, { ...limits, maxSessionBytes });
}

/** The sessions of a page, then those that it left out. */
async function* readWhole(reading: Reading, page: Page, match: Match): AsyncGenerator<SourceBatch> {
  const { largeIds } = page;
  yield* joinAttributes(reading, page, match);
  yield* readLarge(reading, largeIds, GROUP);
}

async function* readLarge(
  reading: Reading,
  ids: readonly SessionId[],
  { sessions, valueBytes }: Group,
): AsyncGenerator<SourceBatch> {
  for (let i = 0; i < ids.length; i += sessions) {
    const match = matchIds(ids.slice(i, i + sessions));
    const page = await read(reading, match, { sessions: null, valueBytes });
    const { largeIds } = page;
    yield* joinAttributes(reading, page, match);
    yield* readLarge(reading, largeIds, ALONE);
  }
}
