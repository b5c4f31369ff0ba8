import type { Range, SessionId, SourceSession } from "@rehome/core";
import type { PoolClient } from "pg";
import type { ReadOptions } from "../source.js";
import { findAttributeLookup } from "./collation.js";
import type { Connections } from "./connections.js";
import { type CopyRow, copyRows } from "./copy-rows.js";
import { Merge } from "./merge.js";
import { type Growing, type Page, readPage } from "./page.js";
import {
  ATTRIBUTE,
  ATTRIBUTE_COLUMNS,
  type AttributeLookup,
  type Match,
  matchIds,
  matchRange,
  selectAttributes,
} from "./statement.js";

/** Enough to look up users in long sorted rows, few enough to hold. */
const PAGE_SESSIONS = 5_000;
const PAGE_ROW_BYTES = 4_096;

interface Reading extends ReadOptions {
  readonly client: PoolClient;
  readonly lookup: AttributeLookup;
  readonly batchBytes: number;
}

type ExtractOptions = ReadOptions & Pick<Reading, "batchBytes">;

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
): AsyncGenerator<SourceSession[]> {
  const lookup = await findAttributeLookup(connections);
  yield* connections.snapshot(async function* (client) {
    const reading = { ...options, client, lookup };
    let { after } = range;
    for (;;) {
      const rest = matchRange({ after, upTo: range.upTo });
      const page = await readPage(client, rest, PAGE_SESSIONS, PAGE_ROW_BYTES, options);
      if (page.lastId === null) return;
      yield* readWhole(reading, page, matchRange({ after, upTo: page.lastId }));
      after = page.lastId;
    }
  }, options.signal);
}

/** The same for sessions by their ids; those that are not there are left out. */
export async function* extractIds(
  connections: Connections,
  ids: readonly SessionId[],
  options: ExtractOptions,
): AsyncGenerator<SourceSession[]> {
  const lookup = await findAttributeLookup(connections);
  yield* connections.snapshot(async function* (client) {
    const reading = { ...options, client, lookup };
    for (let i = 0; i < ids.length; i += PAGE_SESSIONS) {
      const match = matchIds(ids.slice(i, i + PAGE_SESSIONS));
      const page = await readPage(client, match, PAGE_SESSIONS, PAGE_ROW_BYTES, options);
      yield* readWhole(reading, page, match);
    }
  }, options.signal);
}

async function* readWhole(
  reading: Reading,
  page: Page,
  match: Match,
): AsyncGenerator<SourceSession[]> {
  yield* readAttributes(reading, page, match);
  for (const id of page.large) {
    const alone = matchIds([id]);
    const one = await readPage(reading.client, alone, 1, Number.MAX_SAFE_INTEGER, reading);
    yield* readAttributes(reading, one, alone);
  }
}

/**
 * Gives each session its attributes, and hands out those that have all of theirs. Both come in one order, which
 * only the server knows: with the first attribute of a session, all sessions before it are complete.
 */
async function* readAttributes(
  reading: Reading,
  page: Page,
  match: Match,
): AsyncGenerator<SourceSession[]> {
  if (page.sessions.length === 0) return;
  const limits = { timeZone: reading.timeZone, bytes: reading.maxSessionBytes };
  const select = selectAttributes(match, limits, reading.lookup);
  const merge = new Merge(page, reading.batchBytes);
  for await (const rows of copyRows(reading.client, select, ATTRIBUTE_COLUMNS, reading.signal)) {
    for (let row = rows.next(); row !== null; row = rows.next()) {
      const session = merge.sessionOf(row);
      for (let batch = merge.nextBatch(); batch !== undefined; batch = merge.nextBatch())
        yield batch;
      if (session !== null) addAttribute(session, row, reading.maxSessionBytes);
    }
  }
  merge.end();
  for (let batch = merge.nextBatch(); batch !== undefined; batch = merge.nextBatch()) yield batch;
}

function addAttribute(session: Growing, row: CopyRow, maxSessionBytes: number): void {
  session.bytes += row.bytes;
  if (row.boolean(ATTRIBUTE.withheld) || session.bytes > maxSessionBytes) {
    session.bytes = Number.POSITIVE_INFINITY;
    session.attributes = [];
  } else {
    session.attributes.push(row.text(ATTRIBUTE.key), row.text(ATTRIBUTE.value));
  }
}
