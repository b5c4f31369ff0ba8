import type { Redis } from "ioredis";
import type pg from "pg";
import { isHeld, readKeys, type StoredBytes } from "./stored-bytes.js";

/** What the application wrote into the target: a session that is newer than the source's, or older. */
export interface AppSession {
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: number;
  readonly isNewer: boolean;
}

/** Everything that is not as it must be; all is well where only `checked` is not 0. */
export interface Findings {
  checked: number;
  /** Live at the source, and not in the target. */
  lost: number;
  /** Other fields or another expiry than the newest writer's. */
  stale: number;
  /** In the target, and nobody's. */
  extra: number;
  /** Without an expiry. */
  immortal: number;
  readonly examples: string[];
}

export interface OracleOptions {
  /** By id. */
  readonly application?: ReadonlyMap<string, AppSession>;
  /** The target's clock before the last run began, in Unix ms: what expired since may or may not be there. */
  readonly since: number;
}

interface Row {
  readonly id: string;
  readonly fields: Readonly<Record<string, string | null>>;
  readonly names: readonly string[] | null;
  readonly values: readonly (string | null)[] | null;
  readonly expires: string;
}

const PAGE = 500;
const PREFIX = "session:";

/**
 * The contract's default layout, said once more in SQL, so that it shares nothing with the code that it
 * judges.
 */
const iso = (column: string) =>
  `to_char(${column} AT TIME ZONE current_setting('TimeZone') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const EXPECTED = `
  SELECT s.session_id AS id,
         json_build_object('user_id', s.user_id::text, 'username', u.username, 'email', u.email,
           'ip_address', s.ip_address, 'user_agent', s.user_agent, 'session_created_at', ${iso("s.created_at")},
           'last_activity_at', ${iso("s.last_activity_at")}, 'theme', p.theme, 'language', p.language,
           'notifications_enabled', CASE p.notifications_enabled WHEN true THEN 'true' WHEN false THEN 'false' END) AS fields,
         (SELECT array_agg(attribute_key::text ORDER BY session_data_id) FROM session_data d WHERE d.session_id = s.session_id) AS names,
         (SELECT array_agg(attribute_value ORDER BY session_data_id) FROM session_data d WHERE d.session_id = s.session_id) AS values,
         floor(extract(epoch FROM s.expires_at AT TIME ZONE current_setting('TimeZone')) * 1000) AS expires
    FROM user_sessions s JOIN users u USING (user_id) LEFT JOIN user_preferences p USING (user_id)
   WHERE $1::text IS NULL OR s.session_id > $1 ORDER BY s.session_id LIMIT ${PAGE}`;

/** Compares source and target session by session, in both directions; nobody may write to them meanwhile. */
export async function compareAll(
  source: pg.Pool,
  target: Redis,
  options: OracleOptions,
): Promise<Findings> {
  const findings: Findings = {
    checked: 0,
    lost: 0,
    stale: 0,
    extra: 0,
    immortal: 0,
    examples: [],
  };
  const known = new Set<string>();
  for (let after: string | null = null; ;) {
    const { rows }: { rows: Row[] } = await source.query<Row>(EXPECTED, [after]);
    const stored = await readKeys(
      target,
      rows.map(({ id }) => PREFIX + id),
    );
    const now = await clock(target);
    for (const [i, row] of rows.entries()) {
      known.add(PREFIX + row.id);
      findings.checked += 1;
      judge(findings, row, stored[i] ?? null, { ...options, now });
    }
    after = rows.at(-1)?.id ?? null;
    if (after === null) break;
  }
  for await (const keys of target.scanStream({ match: `${PREFIX}*`, count: 1_000 })) {
    for (const key of keys as string[]) {
      if (!known.has(key)) find(findings, "extra", key);
    }
  }
  return findings;
}

/** The target's clock, in Unix ms. */
export async function clock(target: Redis): Promise<number> {
  const [seconds, microseconds] = await target.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

function judge(
  findings: Findings,
  row: Row,
  stored: StoredBytes | null,
  { application, since, now }: OracleOptions & { now: number },
): void {
  const written = application?.get(row.id);
  const own = ownSession(row);
  const winner = written?.isNewer === true ? written : own;
  if (stored !== null && stored.expiresAt < 0) return find(findings, "immortal", row.id);
  // Rejected ones are listed, not written; an older copy of theirs stays.
  if (winner === null) return;
  if (winner.expiresAt <= since) {
    if (stored !== null) find(findings, "extra", row.id);
    return;
  }
  if (stored === null) {
    if (winner.expiresAt > now) find(findings, "lost", row.id);
    return;
  }
  if (!isHeld(stored, winner)) find(findings, "stale", row.id);
}

/** null where it cannot be represented: an attribute has the name of a field. */
function ownSession(row: Row): AppSession | null {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(row.fields)) {
    if (value !== null) fields.set(name, value);
  }
  for (const [i, name] of (row.names ?? []).entries()) {
    if (Object.hasOwn(row.fields, name)) return null;
    const value = row.values?.[i] ?? null;
    if (value !== null) fields.set(name, value);
  }
  return {
    fields: Object.fromEntries(fields),
    expiresAt: Number(row.expires),
    isNewer: false,
  };
}

function find(
  findings: Findings,
  what: "lost" | "stale" | "extra" | "immortal",
  example: string,
): void {
  findings[what] += 1;
  if (findings.examples.length < 10) findings.examples.push(`${what}: ${example}`);
}
