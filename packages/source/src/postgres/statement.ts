import type { Range, SessionId } from "@rehome/core";
import { escapeIdentifier, escapeLiteral } from "pg";

/** A condition on a session id; COPY takes no parameters, so its literals are quoted by pg. */
export type Match = (column: string) => string;

export function matchRange({ after, upTo }: Range): Match {
  return (column) => {
    const bounds = [
      ...(after === null ? [] : [`${column} > ${escapeLiteral(after)}`]),
      ...(upTo === null ? [] : [`${column} <= ${escapeLiteral(upTo)}`]),
    ];
    // What has no id is no session: nobody could ask for it.
    return bounds.length === 0 ? `${column} IS NOT NULL` : bounds.join(" AND ");
  };
}

export function matchIds(ids: readonly SessionId[]): Match {
  return (column) => `${column} = ANY (ARRAY[${ids.map(escapeLiteral).join(",")}]::text[])`;
}

/** How the attributes of a session are found: see collation.ts. */
export type AttributeLookup =
  | { readonly kind: "range" }
  | { readonly kind: "join"; readonly on: string };

/** A value longer than `bytes` stays where it is, and the row says so. */
export interface Limits {
  readonly timeZone: string;
  readonly bytes: number;
}

/** The columns of `selectSessions`. */
export const SESSION = {
  id: 0,
  withheld: 1,
  userId: 2,
  ipAddress: 3,
  userAgent: 4,
  createdAt: 5,
  lastActivityAt: 6,
  expiresAt: 7,
} as const;
export const SESSION_COLUMNS = 8;

/** So many sessions, in order. */
export function selectSessions(match: Match, limits: Limits, most: number): string {
  const time = (column: string) => readableTime(column, limits.timeZone);
  return `
    SELECT session_id, ${isLonger("user_agent", limits)}, user_id::text, ip_address, ${withheld("user_agent", limits)},
           ${time("created_at")}, ${time("last_activity_at")}, ${time("expires_at")}
      FROM user_sessions WHERE ${match("session_id")} ORDER BY session_id LIMIT ${most}`;
}

/** The columns of `selectUsers`. */
export const USER = {
  id: 0,
  username: 1,
  email: 2,
  theme: 3,
  language: 4,
  notificationsEnabled: 5,
} as const;
export const USER_COLUMNS = 6;

/** A user's id: of the many that are numbers, the number is faster to look up and to write. */
export type UserId = string | number;

/**
 * These users, with their preferences: looked up in the order of the index, which costs the server half of what
 * looking up the user of each session does.
 */
export function selectUsers(ids: readonly UserId[]): string {
  return `
    SELECT u.user_id::text, u.username, u.email, p.theme, p.language, p.notifications_enabled
      FROM users u LEFT JOIN user_preferences p ON p.user_id = u.user_id
     WHERE u.user_id = ANY (${arrayLiteral(ids)})`;
}

/** Of a type not named here, so that the server takes it for the column's. */
function arrayLiteral(ids: readonly UserId[]): string {
  const elements = ids.map((id) =>
    typeof id === "number" ? id : `"${id.replace(/["\\]/g, String.raw`\$&`)}"`,
  );
  return escapeLiteral(`{${elements.join(",")}}`);
}

/** The columns of `selectAttributes`. */
export const ATTRIBUTE = { sessionId: 0, withheld: 1, key: 2, value: 3 } as const;
export const ATTRIBUTE_COLUMNS = 4;

/** Of the sessions that match, in their order. */
export function selectAttributes(match: Match, limits: Limits, lookup: AttributeLookup): string {
  const id = lookup.kind === "join" ? "s.session_id" : "d.session_id";
  return `
    SELECT ${id}, ${isLonger("d.attribute_value", limits)}, d.attribute_key, ${withheld("d.attribute_value", limits)}
      FROM ${attributes(lookup)} WHERE ${match(id)} ORDER BY ${id}`;
}

function isLonger(column: string, { bytes }: Limits): string {
  return `octet_length(${column}) > ${bytes}`;
}

function withheld(column: string, { bytes }: Limits): string {
  return `CASE WHEN octet_length(${column}) <= ${bytes} THEN ${column} END`;
}

function attributes(lookup: AttributeLookup): string {
  if (lookup.kind === "range") return "session_data d";
  return `user_sessions s JOIN session_data d ON ${lookup.on}`;
}

/**
 * A timestamp as COPY gives it in binary, to be read as an absolute one. In UTC it is one already: the same
 * microseconds since the same moment.
 */
export function readableTime(column: string, timeZone: string): string {
  return timeZone === "UTC" ? column : absolute(column, timeZone);
}

/**
 * A timestamp without time zone, made absolute by the server: the worker's own zone must not matter. So near to
 * the ends of what PostgreSQL can hold that the zone would carry it beyond, it counts as infinite.
 */
export function absolute(column: string, timeZone: string): string {
  return `CASE WHEN ${column} >= '4712-01-01 BC' AND ${column} < '294276-12-01'
               THEN ${column} AT TIME ZONE ${escapeLiteral(timeZone)}
               WHEN ${column} > '2000-01-01' THEN 'infinity' WHEN ${column} < '2000-01-01' THEN '-infinity' END`;
}

export function quoteCollation(schema: string, name: string): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}
