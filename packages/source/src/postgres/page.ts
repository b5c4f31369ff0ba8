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

export interface SessionPlace extends RowPlace {
  readonly user: User | null;
}

interface User {
  readonly id: string;
  /** null while it has not been read, or where there is no such user. */
  place: RowPlace | null;
}

/**
 * Sessions in order, and their users with their preferences. They stay as they came over the wire until it is
 * their turn: objects that wait are what makes a collector of garbage work.
 */
export interface Page {
  readonly sessions: readonly SessionPlace[];
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
  const sessions: SessionPlace[] = [];
  const large: SessionId[] = [];
  const users = new Map<string, User>();
  let lastId: SessionId | null = null;
  for await (const rows of copyRows(client, select, SESSION_COLUMNS, options.signal)) {
    for (let row = rows.next(); row !== null; row = rows.next()) {
      lastId = row.text(SESSION.id) as SessionId;
      if (row.boolean(SESSION.withheld) && bytes < options.maxSessionBytes) {
        large.push(lastId);
        continue;
      }
      const user = userOf(row, users);
      const { buffer, at } = row.place;
      sessions.push({ buffer, at, user });
    }
  }
  await readUsers(client, users, options);
  return { sessions, large, lastId };
}

function userOf(row: CopyRow, users: Map<string, User>): User | null {
  const id = row.text(SESSION.userId);
  if (id === null) return null;
  const known = users.get(id);
  if (known !== undefined) return known;
  const user = { id, place: null };
  users.set(id, user);
  return user;
}

/** One look-up for each user, however many sessions are theirs. */
async function readUsers(
  client: PoolClient,
  users: ReadonlyMap<string, User>,
  { signal }: ReadOptions,
): Promise<void> {
  if (users.size === 0) return;
  for await (const rows of copyRows(client, selectUsers([...users.keys()]), USER_COLUMNS, signal)) {
    for (let row = rows.next(); row !== null; row = rows.next()) {
      const user = users.get(row.text(USER.id) ?? "");
      // Where a user's preferences are not unique, the user comes with each of them.
      if (user?.place === null) user.place = row.place;
    }
  }
}

/** Makes sessions of a page's rows. */
export class SessionReader {
  /** The one read last. */
  readonly row = new CopyRow(SESSION_COLUMNS);
  readonly #user = new CopyRow(USER_COLUMNS);

  /** The session at this place, without attributes. */
  read(place: SessionPlace): Growing {
    const row = this.row;
    row.move(place.buffer, place.at);
    const found = place.user?.place ?? null;
    const user = found === null ? null : this.#user;
    if (found !== null) this.#user.move(found.buffer, found.at);
    const withheld = row.boolean(SESSION.withheld) === true;
    return {
      id: row.text(SESSION.id) as SessionId,
      userId: place.user?.id ?? null,
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
