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
    return bounds.length === 0 ? "true" : bounds.join(" AND ");
  };
}

export function matchIds(ids: readonly SessionId[]): Match {
  return (column) => `${column} = ANY (ARRAY[${ids.map(escapeLiteral).join(",")}]::text[])`;
}

/** How the attributes of a session are found: see collation.ts. */
export type AttributeLookup =
  | { readonly kind: "range" }
  | { readonly kind: "join"; readonly on: string };

/** The columns of `selectSessions`: an attribute's row uses the first few. */
export const COLUMN = {
  id: 0,
  isAttribute: 1,
  withheld: 2,
  userId: 3,
  attributeKey: 3,
  username: 4,
  attributeValue: 4,
  email: 5,
  ipAddress: 6,
  userAgent: 7,
  createdAt: 8,
  lastActivityAt: 9,
  expiresAt: 10,
  theme: 11,
  language: 12,
  notificationsEnabled: 13,
} as const;
export const COLUMNS = 14;

/**
 * Each session's row, with its user and preferences, followed by the rows of its attributes: two ordered index
 * scans merged by the server, which alone knows the order. One statement, so that all is of one moment and one
 * connection carries it. A value longer than a session may be stays where it is.
 */
export function selectSessions(
  match: Match,
  options: { readonly timeZone: string; readonly maxSessionBytes: number },
  lookup: AttributeLookup,
): string {
  const max = options.maxSessionBytes;
  const time = (column: string) => absolute(column, options.timeZone);
  const fits = (column: string) => `CASE WHEN octet_length(${column}) <= ${max} THEN ${column} END`;
  return `
    SELECT s.session_id, false, coalesce(octet_length(s.user_agent) > ${max}, false), s.user_id::text, u.username::text,
           u.email::text, s.ip_address::text, ${fits("s.user_agent")}, ${time("s.created_at")},
           ${time("s.last_activity_at")}, ${time("s.expires_at")}, p.theme::text, p.language::text, p.notifications_enabled
      FROM user_sessions s
      LEFT JOIN users u ON u.user_id = s.user_id
      LEFT JOIN user_preferences p ON p.user_id = s.user_id
     WHERE ${match("s.session_id")}
     UNION ALL
    SELECT ${lookup.kind === "join" ? "s" : "d"}.session_id, true, coalesce(octet_length(d.attribute_value) > ${max}, false),
           d.attribute_key::text, ${fits("d.attribute_value")},
           NULL, NULL, NULL, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL, NULL, NULL::boolean
      FROM ${attributes(lookup)}
     WHERE ${match(lookup.kind === "join" ? "s.session_id" : "d.session_id")}
     ORDER BY 1, 2`;
}

function attributes(lookup: AttributeLookup): string {
  if (lookup.kind === "range") return "session_data d";
  return `user_sessions s JOIN session_data d ON ${lookup.on}`;
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
