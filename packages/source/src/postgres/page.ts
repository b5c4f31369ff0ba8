import { INFINITE_FUTURE, type SessionId, type SourceSession } from "@rehome/core";
import type { PoolClient } from "pg";
import type { ReadOptions } from "../source.js";
import { CopyRow, copyRows, type RowPlace } from "./copy-rows.js";
import {
  type Match,
  selectSessions,
  selectUsers,
  SESSION,
  SESSION_COLUMNS,
  USER,
  USER_COLUMNS,
} from "./statement.js";

/** A session that may still be given attributes. */
export type Growing = { -readonly [Name in keyof SourceSession]: SourceSession[Name] } & {
  attributes: (string | null)[];
};

/**
 * Sessions in order, and their users with their preferences. They stay as they came over the wire until it is
 * their turn: objects that wait are what makes a collector of garbage work.
 */
export interface Page {
  readonly sessions: readonly RowPlace[];
  /** By the text of their id. */
  readonly users: ReadonlyMap<string, RowPlace>;
  /** Left out, to be read one by one: together they might not fit in memory. */
  readonly large: readonly SessionId[];
  /** Of the last session in order, a large one or not. */
  readonly lastId: SessionId | null;
}

/** At most so many sessions. One whose row is over `maxRowBytes` is large, unless it is over the limit of all. */
export async function readPage(
  client: PoolClient,
  match: Match,
  most: number,
  maxRowBytes: number,
  options: ReadOptions,
): Promise<Page> {
  const bytes = Math.min(maxRowBytes, options.maxSessionBytes);
  const select = selectSessions(match, { timeZone: options.timeZone, bytes }, most);
  const sessions: RowPlace[] = [];
  const large: SessionId[] = [];
  const userIds = new Set<string>();
  let lastId: SessionId | null = null;
  for await (const rows of copyRows(client, select, SESSION_COLUMNS, options.signal)) {
    for (const row of rows) {
      lastId = row.text(SESSION.id) as SessionId;
      if (row.boolean(SESSION.withheld) && bytes < options.maxSessionBytes) {
        large.push(lastId);
        continue;
      }
      sessions.push(row.place);
      const userId = row.text(SESSION.userId);
      if (userId !== null) userIds.add(userId);
    }
  }
  return { sessions, users: await readUsers(client, userIds, options), large, lastId };
}

/** One look-up for each user, however many sessions are theirs. */
async function readUsers(
  client: PoolClient,
  ids: ReadonlySet<string>,
  { signal }: ReadOptions,
): Promise<Map<string, RowPlace>> {
  const users = new Map<string, RowPlace>();
  if (ids.size === 0) return users;
  for await (const rows of copyRows(client, selectUsers([...ids]), USER_COLUMNS, signal)) {
    for (const row of rows) {
      const id = row.text(USER.id) ?? "";
      // Where a user's preferences are not unique, the user comes with each of them.
      if (!users.has(id)) users.set(id, row.place);
    }
  }
  return users;
}

/** Makes sessions of a page's rows. */
export class SessionReader {
  /** The one read last. */
  readonly row = new CopyRow(SESSION_COLUMNS);
  readonly #user = new CopyRow(USER_COLUMNS);
  readonly #users: ReadonlyMap<string, RowPlace>;

  constructor(users: ReadonlyMap<string, RowPlace>) {
    this.#users = users;
  }

  /** The session at this place, without attributes. */
  read({ buffer, at }: RowPlace): Growing {
    const row = this.row;
    row.move(buffer, at);
    const userId = row.text(SESSION.userId);
    const found = userId === null ? undefined : this.#users.get(userId);
    const user = found === undefined ? null : this.#user;
    if (found !== undefined) this.#user.move(found.buffer, found.at);
    const withheld = row.boolean(SESSION.withheld) === true;
    return {
      id: row.text(SESSION.id) as SessionId,
      userId,
      username: user?.text(USER.username) ?? null,
      email: user?.text(USER.email) ?? null,
      ipAddress: row.text(SESSION.ipAddress),
      userAgent: row.text(SESSION.userAgent),
      createdAt: row.instant(SESSION.createdAt),
      lastActivityAt: row.instant(SESSION.lastActivityAt),
      // NOT NULL in the reference schema; elsewhere a session without an expiry never expires.
      expiresAt: row.instant(SESSION.expiresAt) ?? INFINITE_FUTURE,
      theme: user?.text(USER.theme) ?? null,
      language: user?.text(USER.language) ?? null,
      notificationsEnabled: user?.boolean(USER.notificationsEnabled) ?? null,
      attributes: [],
      bytes: withheld ? Number.POSITIVE_INFINITY : row.bytes + (user?.bytes ?? 0),
    };
  }
}
