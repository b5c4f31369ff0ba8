import { type SessionId, type SourceBatch, TEXT, TIME } from "@rehome/core";
import type { PoolClient } from "pg";
import { CopyOut } from "./copy-out.js";
import { CopyRow } from "./copy-row.js";
import type { ReadBuffer } from "./read-buffer.js";
import {
  type Limits,
  type Match,
  selectSessions,
  selectUsers,
  SESSION,
  SESSION_COLUMNS,
  USER,
  USER_COLUMNS,
  type UserId,
} from "./statement.js";

const NONE = -1;

/** Sessions in order, and their users with their preferences: where their rows lie in the buffer. */
export class Page {
  readonly buffer: ReadBuffer;
  /** Left out, to be read one by one: together they might not fit in memory. */
  readonly large: SessionId[] = [];
  /** Of the last session in order, a large one or not. */
  lastId: SessionId | null = null;
  readonly #sessions: number[] = [];
  /** Of each session, its user's number in this page. */
  readonly #userOf: number[] = [];
  readonly #users: number[] = [];
  readonly #userNumbers = new Map<UserId, number>();
  readonly #session = new CopyRow(SESSION_COLUMNS);
  readonly #user = new CopyRow(USER_COLUMNS);

  constructor(buffer: ReadBuffer) {
    this.buffer = buffer;
  }

  get count(): number {
    return this.#sessions.length;
  }

  get userIds(): UserId[] {
    return [...this.#userNumbers.keys()];
  }

  addSession(row: CopyRow, rowStart: number): void {
    this.#sessions.push(rowStart);
    this.#userOf.push(row.isNull(SESSION.userId) ? NONE : this.#numberOf(row));
  }

  #numberOf(row: CopyRow): number {
    const id = userId(this.buffer.bytes, row.start(SESSION.userId), row.end(SESSION.userId));
    const known = this.#userNumbers.get(id);
    if (known !== undefined) return known;
    const number = this.#users.length;
    this.#userNumbers.set(id, number);
    this.#users.push(NONE);
    return number;
  }

  addUser(row: CopyRow, rowStart: number): void {
    const id = userId(this.buffer.bytes, row.start(USER.id), row.end(USER.id));
    const number = this.#userNumbers.get(id);
    // Where a user's preferences are not unique, the user comes with each of them.
    if (number !== undefined && this.#users[number] === NONE) this.#users[number] = rowStart;
  }

  /** Moves a cursor to a session. */
  moveTo(session: number, row: CopyRow): void {
    row.move(this.buffer.bytes, this.#sessions[session] as number);
  }

  /** Completes the batch's next session, whose attributes it has already; they are of so many bytes. */
  complete(session: number, attributeBytes: number, batch: SourceBatch): void {
    const { bytes } = this.buffer;
    const row = this.#session;
    this.moveTo(session, row);
    setText(batch, TEXT.id, row, SESSION.id);
    setText(batch, TEXT.userId, row, SESSION.userId);
    setText(batch, TEXT.ipAddress, row, SESSION.ipAddress);
    setText(batch, TEXT.userAgent, row, SESSION.userAgent);
    setTime(batch, TIME.createdAt, bytes, row, SESSION.createdAt);
    setTime(batch, TIME.lastActivityAt, bytes, row, SESSION.lastActivityAt);
    // NOT NULL in the reference schema; elsewhere a session without an expiry never expires.
    if (row.isNull(SESSION.expiresAt)) batch.setTime(TIME.expiresAt, Infinity, 0);
    else setTime(batch, TIME.expiresAt, bytes, row, SESSION.expiresAt);

    const user = this.#userOf[session] as number;
    const userStart = user === NONE ? NONE : (this.#users[user] as number);
    if (userStart !== NONE) this.#setUser(userStart, batch);
    const ownBytes = row.size + (userStart === NONE ? 0 : this.#user.size);
    const withheld = row.isTrue(bytes, SESSION.withheld);
    batch.complete(withheld ? Infinity : ownBytes + attributeBytes);
  }

  #setUser(start: number, batch: SourceBatch): void {
    const { bytes } = this.buffer;
    const row = this.#user;
    row.move(bytes, start);
    setText(batch, TEXT.username, row, USER.username);
    setText(batch, TEXT.email, row, USER.email);
    setText(batch, TEXT.theme, row, USER.theme);
    setText(batch, TEXT.language, row, USER.language);
    if (!row.isNull(USER.notificationsEnabled))
      batch.setNotificationsEnabled(row.isTrue(bytes, USER.notificationsEnabled));
  }
}

function setText(batch: SourceBatch, text: number, row: CopyRow, column: number): void {
  batch.setText(text, row.start(column), row.end(column));
}

function setTime(
  batch: SourceBatch,
  time: number,
  bytes: Buffer,
  row: CopyRow,
  column: number,
): void {
  if (row.isNull(column)) return;
  row.readTime(bytes, column);
  batch.setTime(time, row.milliseconds, row.microseconds);
}

const [ZERO, NINE] = [48, 57];
const MAX_DIGITS = 15;

/** The number itself where it is one whose text is its only one, as far as doubles are exact. */
function userId(bytes: Buffer, start: number, end: number): UserId {
  const digits = end - start;
  const isNumber = digits > 0 && digits <= MAX_DIGITS && (digits === 1 || bytes[start] !== ZERO);
  if (!isNumber) return bytes.toString("utf8", start, end);
  let number = 0;
  for (let i = start; i < end; i += 1) {
    const digit = bytes[i] as number;
    if (digit < ZERO || digit > NINE) return bytes.toString("utf8", start, end);
    number = number * 10 + digit - ZERO;
  }
  return number;
}

/**
 * At most so many `sessions`, into a buffer that is cleared. One whose row is over `rowBytes` is large, unless it is
 * over the limit of all.
 */
export async function readPage(
  client: PoolClient,
  buffer: ReadBuffer,
  match: Match,
  limits: Limits,
  most: { readonly sessions: number; readonly rowBytes: number },
): Promise<Page> {
  const bytes = Math.min(most.rowBytes, limits.bytes);
  const select = selectSessions(match, { ...limits, bytes }, most.sessions);
  buffer.clear();
  const page = new Page(buffer);
  const sessions = CopyOut.run(client, select, SESSION_COLUMNS, buffer);
  const { row } = sessions;
  while (await sessions.more()) {
    while (sessions.next()) {
      if (row.isTrue(buffer.bytes, SESSION.withheld) && bytes < limits.bytes)
        page.large.push(row.text(buffer.bytes, SESSION.id) as SessionId);
      else page.addSession(row, sessions.rowStart);
    }
  }
  // The cursor stays at the last row.
  if (page.count + page.large.length > 0)
    page.lastId = row.text(buffer.bytes, SESSION.id) as SessionId;
  await readUsers(client, page);
  return page;
}

/** One look-up for each user, however many sessions are theirs. */
async function readUsers(client: PoolClient, page: Page): Promise<void> {
  const { userIds } = page;
  if (userIds.length === 0) return;
  const users = CopyOut.run(client, selectUsers(userIds), USER_COLUMNS, page.buffer);
  while (await users.more()) while (users.next()) page.addUser(users.row, users.rowStart);
}
