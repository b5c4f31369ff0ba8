import { INFINITE_FUTURE, type SessionId, type SourceSession } from "@rehome/core";
import type { ReadOptions } from "../source.js";
import { findAttributeLookup } from "./collation.js";
import type { Connections } from "./connections.js";
import { type CopyRow, copyRows } from "./copy-rows.js";
import { COLUMN, COLUMNS, type Match, selectSessions } from "./statement.js";

/** Loading is told of no more at a time, however small the sessions are. */
const MAX_BATCH_SESSIONS = 500;

/**
 * Reads whole sessions in batches bounded in bytes. One longer than a session may be is cut short where that
 * shows, so that memory is bounded by the batch and one session.
 */
export async function* extractSessions(
  connections: Connections,
  match: Match,
  options: ReadOptions,
  batchBytes: number,
): AsyncGenerator<SourceSession[]> {
  const lookup = await findAttributeLookup(connections);
  const select = selectSessions(match, options, lookup);
  yield* connections.snapshot(async function* (client) {
    const batch = new Batch(options.maxSessionBytes);
    for await (const rows of copyRows(client, select, COLUMNS, options.signal)) {
      for (const row of rows) {
        if (row.boolean(COLUMN.isAttribute)) {
          batch.addAttribute(row);
          continue;
        }
        // Where a user's preferences are not unique, the session comes with each of them.
        if (batch.repeats(row)) continue;
        if (batch.bytes >= batchBytes || batch.size >= MAX_BATCH_SESSIONS) yield batch.take();
        batch.addSession(row);
      }
    }
    if (batch.size > 0) yield batch.take();
  }, options.signal);
}

type Growing = { -readonly [Name in keyof SourceSession]: SourceSession[Name] } & {
  attributes: (string | null)[];
};

/** Sessions so far; the last one may still be given attributes. */
class Batch {
  bytes = 0;
  #sessions: Growing[] = [];
  #last: Growing | null = null;
  #lastId: Buffer = Buffer.alloc(0);
  readonly #maxSessionBytes: number;

  constructor(maxSessionBytes: number) {
    this.#maxSessionBytes = maxSessionBytes;
  }

  get size(): number {
    return this.#sessions.length;
  }

  take(): SourceSession[] {
    const sessions = this.#sessions;
    this.#sessions = [];
    this.#last = null;
    this.bytes = 0;
    for (const { attributes } of sessions) sortAttributes(attributes);
    return sessions;
  }

  repeats(row: CopyRow): boolean {
    return this.#last !== null && row.equals(COLUMN.id, this.#lastId);
  }

  addSession(row: CopyRow): void {
    this.#lastId = row.copy(COLUMN.id);
    this.#last = {
      id: row.text(COLUMN.id) as SessionId,
      userId: row.text(COLUMN.userId),
      username: row.text(COLUMN.username),
      email: row.text(COLUMN.email),
      ipAddress: row.text(COLUMN.ipAddress),
      userAgent: row.text(COLUMN.userAgent),
      createdAt: row.instant(COLUMN.createdAt),
      lastActivityAt: row.instant(COLUMN.lastActivityAt),
      // NOT NULL in the reference schema; elsewhere a session without an expiry never expires.
      expiresAt: row.instant(COLUMN.expiresAt) ?? INFINITE_FUTURE,
      theme: row.text(COLUMN.theme),
      language: row.text(COLUMN.language),
      notificationsEnabled: row.boolean(COLUMN.notificationsEnabled),
      attributes: [],
      bytes: 0,
    };
    this.#sessions.push(this.#last);
    this.#weigh(this.#last, row);
  }

  /** One that belongs to no session, where no foreign key sees to that, is passed over. */
  addAttribute(row: CopyRow): void {
    const session = this.#last;
    if (session === null || !row.equals(COLUMN.id, this.#lastId)) return;
    if (session.bytes !== Number.POSITIVE_INFINITY) {
      session.attributes.push(row.text(COLUMN.attributeKey), row.text(COLUMN.attributeValue));
    }
    this.#weigh(session, row);
  }

  #weigh(session: Growing, row: CopyRow): void {
    session.bytes += row.bytes;
    this.bytes += row.bytes;
    if (row.boolean(COLUMN.withheld) || session.bytes > this.#maxSessionBytes) {
      session.bytes = Number.POSITIVE_INFINITY;
      session.attributes = [];
    }
  }
}

/**
 * By key, whatever plan and collation the server took: the JSON of the same attributes is to be the same text
 * each time, or verifying would find a difference where there is none.
 */
function sortAttributes(attributes: (string | null)[]): void {
  const key = (pair: number) => attributes[2 * pair] ?? "";
  const order = Array.from({ length: attributes.length / 2 }, (_, pair) => pair);
  if (order.every((pair) => pair === 0 || key(pair - 1) <= key(pair))) return;
  order.sort((one, other) => (key(one) < key(other) ? -1 : 1));
  const sorted = order.flatMap((pair) => [key(pair), attributes[2 * pair + 1] ?? null]);
  for (const [i, value] of sorted.entries()) attributes[i] = value;
}
