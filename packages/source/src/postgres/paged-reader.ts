import {
  boundAt,
  type Range,
  type ResolvedStore,
  type SessionId,
  type SourceBatch,
} from "@rehome/core";
import { assertSeen } from "./assert-seen.js";
import { findAttributeLookup } from "./attribute-lookup.js";
import type { Connections } from "./connections.js";
import { joinAttributes, type Reading } from "./join-attributes.js";
import { LookedUp } from "./looked-up.js";
import { type Match, matchIds, matchRange } from "./match.js";
import { Page, readPage } from "./page.js";
import { ReadSpaces } from "./read-space.js";
import { type ExtractOptions, isOfPages, type Reader, type RowsOfPages } from "./reader.js";
import { type Rows, rowsWhere } from "./rows.js";
import { RowStream } from "./row-stream.js";
import {
  type AttributeLookup,
  type AttributesOf,
  canBeJoined,
  selectSessions,
  selectSorted,
  sortedBetween,
} from "./statement.js";
import { READ_BY_INDEX, READ_PAGES } from "./transaction-settings.js";

/**
 * Rows are the cheaper to look up the more of them there are at once; but a page is held in memory. Rows of the
 * usual length are read in pages of the most sessions, longer ones in smaller pages.
 */
const MAX_PAGE_SESSIONS = 25_000;
const FIRST_PAGE_SESSIONS = 2_000;
const PAGE_BYTES = 8 * 1024 * 1024;
const MAX_VALUE_BYTES = 4_096;

/**
 * So many sessions of a stretch of the heap are sorted by the server before they are looked up. More of them would share
 * more pages of an index; but a server whose tables do not fit in memory needs that for these pages, not for sorting.
 */
const SORTED_SESSIONS = 25_000;
/** Rows of a lookup that are held while a stretch is read. */
const MAX_LOOKUP_BYTES = 16 * 1024 * 1024;

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
    settings: string,
    readAll: (reading: Reading) => AsyncGenerator<SourceBatch>,
  ): AsyncGenerator<SourceBatch> {
    const found = await knownLookup();
    const { signal } = options;
    yield* connections.snapshot(
      async function* (client) {
        const space = spaces.take();
        yield* readAll({ ...options, store, client, space, lookup: found });
        await assertSeen(client, store);
        spaces.giveBack(space);
      },
      { settings, ...(signal === undefined ? {} : { signal }) },
    );
  }

  return {
    readRange: (range, options) =>
      read(options, READ_BY_INDEX, (reading) => readRange(reading, range)),
    readByIds: (ids, options) => read(options, READ_BY_INDEX, (reading) => readIds(reading, ids)),
    readPlaced: (placed, options) =>
      read(options, READ_PAGES, async function* (reading) {
        const rows = await placed.open(reading.client);
        if (rows === null) return;
        yield* isOfPages(rows) ? readPages(reading, rows) : readRows(reading, rows);
        await placed.check(reading.client);
      }),
  };
}

/** In the order of ids, a page at a time. */
async function* readRange(reading: Reading, range: Range): AsyncGenerator<SourceBatch> {
  const { client, space, store, maxSessionBytes } = reading;
  let { after } = range;
  for (;;) {
    const most = pageSessions(space);
    const valueBytes = Math.min(longestValue(most), maxSessionBytes);
    const rows = rowsWhere(store, matchRange({ after, upTo: range.upTo }));
    const page = await fillPage(reading, valueBytes, (empty) =>
      RowStream.copy(
        client,
        selectSessions(store, rows, valueBytes, { most }),
        empty.width,
        space.buffer,
      ),
    );
    const { lastId, count } = page;
    if (lastId === null) return;
    adapt(space, page);
    const last = boundAt(lastId);
    yield* readWhole(reading, page, { match: matchRange({ after, upTo: last }) });
    if (count < most) return;
    after = last;
  }
}

/**
 * A stretch of the heap's pages at a time, sorted. What belongs to the sessions of a page is joined to the rows of that
 * stretch, in the same order.
 */
async function* readPages(
  reading: Reading,
  { from, to, sessions, part }: RowsOfPages,
): AsyncGenerator<SourceBatch> {
  const stretches = Math.max(1, Math.ceil(sessions / SORTED_SESSIONS));
  const step = Math.max(1, Math.ceil((to - from) / stretches));
  for (let first = from; first < to; first += step) {
    const rows = part(first, Math.min(first + step, to));
    const lookups = await lookUp(reading, rows);
    yield* readByCursor(
      reading,
      lookups,
      (valueBytes) => selectSorted(reading.store, rows, valueBytes),
      ({ firstId, lastId }) => ({ rows: sortedBetween(reading.store, rows, firstId, lastId) }),
    );
  }
}

/**
 * What is looked up for all sessions of a stretch, so that a row which many of them refer to is found once. Null where that
 * is too much to be held, or the server cannot join it: then it is looked up page by page.
 */
async function lookUp(reading: Reading, rows: Rows): Promise<readonly LookedUp[] | null> {
  const { client, space, store, maxSessionBytes } = reading;
  space.buffer.clearAll();
  if (!space.holdsLookups || !store.lookups.every((_, i) => canBeJoined(store, i))) return null;
  const valueBytes = Math.min(MAX_VALUE_BYTES, maxSessionBytes);
  const lookups = LookedUp.allOf(store);
  for (const lookup of lookups) {
    if (await lookup.readFor(client, space.buffer, rows, valueBytes, MAX_LOOKUP_BYTES)) continue;
    space.holdsLookups = false;
    space.buffer.clearAll();
    return null;
  }
  space.buffer.keep();
  return lookups;
}

/** In whatever order the server finds them. */
async function* readRows(reading: Reading, rows: Rows): AsyncGenerator<SourceBatch> {
  yield* readByCursor(
    reading,
    null,
    (valueBytes) => selectSessions(reading.store, rows, valueBytes, null),
    ({ ids }) => ({ match: matchIds(ids) }),
  );
}

/** A cursor gives a page at a time. */
async function* readByCursor(
  reading: Reading,
  lookups: readonly LookedUp[] | null,
  select: (valueBytes: number) => string,
  attributesOf: (page: Page) => AttributesOf,
): AsyncGenerator<SourceBatch> {
  const { client, space, maxSessionBytes } = reading;
  const valueBytes = Math.min(longestValue(pageSessions(space)), maxSessionBytes);
  // However long the values are that it does not withhold, a page can be held.
  const atMost = Math.max(1, Math.floor((4 * PAGE_BYTES) / valueBytes));
  let declare = `DECLARE sessions BINARY NO SCROLL CURSOR FOR ${select(valueBytes)};`;
  for (;;) {
    const most = Math.min(pageSessions(space), atMost);
    const fetch = `${declare} FETCH ${most} FROM sessions`;
    declare = "";
    const page = await fillPage(
      reading,
      valueBytes,
      (empty) => RowStream.fetch(client, fetch, empty.width, space.buffer),
      lookups,
    );
    const { count } = page;
    if (count > 0) {
      adapt(space, page);
      yield* readWhole(reading, page, attributesOf(page));
    }
    if (count < most) break;
  }
  await client.query("CLOSE sessions");
}

async function* readIds(reading: Reading, ids: readonly SessionId[]): AsyncGenerator<SourceBatch> {
  for (let i = 0; i < ids.length; i += FIRST_PAGE_SESSIONS) {
    const match = matchIds(ids.slice(i, i + FIRST_PAGE_SESSIONS));
    const page = await readMatching(reading, match, MAX_VALUE_BYTES);
    yield* readWhole(reading, page, { match });
  }
}

/** The sessions of a page, then those that it left out. */
async function* readWhole(
  reading: Reading,
  page: Page,
  of: AttributesOf,
): AsyncGenerator<SourceBatch> {
  const { largeIds } = page;
  yield* joinAttributes(reading, page, of);
  yield* readLarge(reading, largeIds, GROUP);
}

async function* readLarge(
  reading: Reading,
  ids: readonly SessionId[],
  { sessions, valueBytes }: Group,
): AsyncGenerator<SourceBatch> {
  for (let i = 0; i < ids.length; i += sessions) {
    const match = matchIds(ids.slice(i, i + sessions));
    const page = await readMatching(reading, match, valueBytes);
    const { largeIds } = page;
    yield* joinAttributes(reading, page, { match });
    yield* readLarge(reading, largeIds, ALONE);
  }
}

/** All that match, as one page. */
function readMatching(reading: Reading, match: Match, most: number): Promise<Page> {
  const { client, space, store, maxSessionBytes } = reading;
  const valueBytes = Math.min(most, maxSessionBytes);
  const select = selectSessions(store, rowsWhere(store, match), valueBytes, { most: null });
  return fillPage(reading, valueBytes, (empty) =>
    RowStream.copy(client, select, empty.width, space.buffer),
  );
}

async function fillPage(
  { client, space, store, maxSessionBytes }: Reading,
  valueBytes: number,
  begin: (empty: Page) => RowStream,
  lookups: readonly LookedUp[] | null = null,
): Promise<Page> {
  space.buffer.clear();
  const page = new Page(space.buffer, store, lookups);
  return await readPage(client, page, begin(page), { valueBytes, maxSessionBytes });
}

/** How many sessions the next page has. */
function pageSessions(space: Reading["space"]): number {
  return space.pageSessions || FIRST_PAGE_SESSIONS;
}

/** Should all rows of a page be longer than those before, it is still one that can be held. */
function longestValue(sessions: number): number {
  return Math.min(MAX_VALUE_BYTES, Math.floor((4 * PAGE_BYTES) / sessions));
}

/** Rows of the usual length fill the next page. */
function adapt(space: Reading["space"], { count, largeIds }: Page): void {
  const bytes = space.buffer.size + largeIds.length * MAX_VALUE_BYTES;
  space.pageSessions = Math.min(Math.ceil((PAGE_BYTES / bytes) * count), MAX_PAGE_SESSIONS);
}
