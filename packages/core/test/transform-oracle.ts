import type { Mapping } from "../src/index.js";
import type { SourceSession } from "./source-session.js";

/**
 * What becomes of a session, written a second time from the contract's words alone: slow, plain, and sharing
 * no code with what it judges. Times are counted in days and seconds of a proleptic Gregorian calendar.
 */
export type Expectation =
  | {
      readonly kind: "expired";
      readonly id: string;
      readonly expiresAt: number;
      readonly recency: string | null;
    }
  /** Every code that applies: the contract does not say which of several is named. */
  | { readonly kind: "rejected"; readonly id: string; readonly codes: ReadonlySet<string> }
  | {
      readonly kind: "write";
      readonly id: string;
      /** All but the one field of `attributes: json`. */
      readonly fields: ReadonlyMap<string, string>;
      /** What that one field holds; null where it shall not be. */
      readonly json: ReadonlyMap<string, string> | null;
      readonly expiresAt: number;
      readonly recency: string | null;
    };

export function expectation(session: SourceSession, now: number, mapping: Mapping): Expectation {
  if (session.expiresAt < 0n && isInfinite(session.expiresAt)) return expired(session, mapping);
  if (!isInfinite(session.expiresAt) && floor(session.expiresAt, 1000n) <= BigInt(now)) {
    return expired(session, mapping);
  }

  const codes = new Set<string>();
  const core = coreColumns(session, mapping);
  const rename = (name: string) => new Map(Object.entries(mapping.renames)).get(name) ?? name;

  const written = core.map(([, value]) => value).filter((value) => typeof value === "bigint");
  if (isInfinite(session.expiresAt) || written.some((time) => !isInYears1To9999(time))) {
    codes.add("time-out-of-range");
  }
  if (session.bytes > mapping.maxSessionBytes) codes.add("too-large");

  const attributes = pairs(session.attributes).map(([key, value]) => [rename(key), value] as const);
  const coreNames = core.map(([name]) => rename(name));
  const competing = mapping.attributes === "fields" ? coreNames : [];
  if (hasTwoAlike([...competing, ...attributes.map(([name]) => name)]))
    codes.add("field-collision");
  if (codes.size > 0) return { kind: "rejected", id: session.id, codes };

  const fields = new Map<string, string>();
  for (const [name, value] of core) put(fields, rename(name), asText(value, mapping), mapping);
  const members = new Map<string, string>();
  for (const [name, value] of attributes)
    put(mapping.attributes === "fields" ? fields : members, name, value, mapping);
  if (fields.size + members.size === 0)
    return { kind: "rejected", id: session.id, codes: new Set(["unrepresentable"]) };
  return {
    kind: "write",
    id: session.id,
    fields,
    json: members.size > 0 ? members : null,
    expiresAt: Number(floor(session.expiresAt, 1000n)),
    recency: asText(session.lastActivityAt, mapping),
  };
}

/** The contract's list, and the expiry where it is asked for. */
function coreColumns(
  session: SourceSession,
  mapping: Mapping,
): [string, string | bigint | boolean | null][] {
  const columns: [string, string | bigint | boolean | null][] = [
    ["user_id", session.userId],
    ["username", session.username],
    ["email", session.email],
    ["ip_address", session.ipAddress],
    ["user_agent", session.userAgent],
    ["session_created_at", session.createdAt],
    ["last_activity_at", session.lastActivityAt],
    ["theme", session.theme],
    ["language", session.language],
    ["notifications_enabled", session.notificationsEnabled],
  ];
  if (mapping.includeExpiresAt) columns.push(["expires_at", session.expiresAt]);
  return columns;
}

function expired(session: SourceSession, mapping: Mapping): Expectation {
  const at = session.lastActivityAt;
  const comparable = at !== null && isInYears1To9999(at);
  return {
    kind: "expired",
    id: session.id,
    expiresAt: isInfinite(session.expiresAt) ? -Infinity : Number(floor(session.expiresAt, 1000n)),
    recency: comparable ? asText(at, mapping) : null,
  };
}

function put(
  into: Map<string, string>,
  name: string,
  value: string | null,
  mapping: Mapping,
): void {
  if (value !== null) into.set(name, value);
  else if (mapping.nulls === "empty") into.set(name, "");
  else if (mapping.nulls !== "omit") into.set(name, mapping.nulls.placeholder);
}

function asText(value: string | bigint | boolean | null, mapping: Mapping): string | null {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") {
    const [yes, no] = mapping.booleans.split("/") as [string, string];
    return value ? yes : no;
  }
  if (mapping.timestamps === "epoch-seconds") return floor(value, 1_000_000n).toString();
  if (mapping.timestamps === "epoch-milliseconds") return floor(value, 1000n).toString();
  const { year, month, day, second, fraction } = civil(value);
  const digits = (number: bigint, width: number) => number.toString().padStart(width, "0");
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const clock = [second / 3600n, (second / 60n) % 60n, second % 60n]
    .map((part) => digits(part, 2))
    .join(":");
  return `${date}T${clock}.${digits(fraction, 6)}Z`;
}

function pairs(flat: readonly (string | null)[]): [string, string | null][] {
  return flat.flatMap((key, i) => (i % 2 === 0 ? [[key as string, flat[i + 1] ?? null]] : [])) as [
    string,
    string | null,
  ][];
}

function hasTwoAlike(names: readonly string[]): boolean {
  return names.some((name) => names.filter((other) => other === name).length > 1);
}

/** Databases end at the year 294276; the two infinities lie beyond the year 500000. */
function isInfinite(time: bigint): boolean {
  const year = time / (365n * 86_400n * 1_000_000n) + 1970n;
  return year > 500_000n || year < -500_000n;
}

function isInYears1To9999(time: bigint): boolean {
  const { year } = civil(time);
  return year >= 1n && year <= 9999n;
}

/** Civil from days, after Howard Hinnant: years begin in March, so that the leap day ends one. */
function civil(time: bigint) {
  const days = floor(time, 86_400_000_000n);
  const inDay = time - days * 86_400_000_000n;
  const sinceMarch0 = days + 719_468n;
  const era = floor(sinceMarch0, 146_097n);
  const dayOfEra = sinceMarch0 - era * 146_097n;
  const yearOfEra =
    (dayOfEra - dayOfEra / 1_460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const fromMarch = (5n * dayOfYear + 2n) / 153n;
  const month = fromMarch < 10n ? fromMarch + 3n : fromMarch - 9n;
  return {
    year: era * 400n + yearOfEra + (month <= 2n ? 1n : 0n),
    month,
    day: dayOfYear - (153n * fromMarch + 2n) / 5n + 1n,
    second: inDay / 1_000_000n,
    fraction: inDay % 1_000_000n,
  };
}

function floor(dividend: bigint, divisor: bigint): bigint {
  const rest = ((dividend % divisor) + divisor) % divisor;
  return (dividend - rest) / divisor;
}
