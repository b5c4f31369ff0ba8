import type { Kind } from "@rehome/core";

/** A column as the catalogue describes it. */
export interface ColumnFacts {
  readonly name: string;
  /** As format_type() says it, without its modifiers; the type beneath a domain. */
  readonly type: string;
  /** pg_type.typcategory and typtype. */
  readonly category: string;
  readonly typtype: string;
  /** The modifiers of varchar(n) and char(n), which are n + 4; -1 where there are none. */
  readonly modifier: number;
  /** False under a collation for which different bytes may be equal. */
  readonly isDeterministic: boolean;
  readonly isReadable: boolean;
}

/**
 * To be joined to pg_attribute a: what the catalogue says of a column's type. A domain's values are those of the type
 * beneath it, however many domains there are in between.
 */
export const TYPE_OF_COLUMN = `
  CROSS JOIN LATERAL (
    WITH RECURSIVE beneath (oid, modifier) AS (
      SELECT a.atttypid, a.atttypmod
      UNION ALL
      SELECT d.typbasetype, d.typtypmod FROM beneath b JOIN pg_type d ON d.oid = b.oid AND d.typtype = 'd')
    SELECT format_type(t.oid, NULL) AS type, t.typcategory AS category, t.typtype, b.modifier
      FROM beneath b JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd') t`;

const KIND_OF_TYPE: Readonly<Record<string, Kind>> = {
  uuid: "text",
  date: "text",
  "time without time zone": "text",
  "time with time zone": "text",
  smallint: "number",
  integer: "number",
  bigint: "number",
  numeric: "number",
  real: "number",
  "double precision": "number",
  "timestamp without time zone": "time",
  "timestamp with time zone": "time",
  boolean: "flag",
  bytea: "bytes",
  json: "json",
  jsonb: "json",
};

/** Null for a type that cannot be carried: arrays, ranges, geometry, addresses and the like. */
export function kindOf({ type, category, typtype }: ColumnFacts): Kind | null {
  // Text of every type, and the labels of an enumeration.
  if (category === "S" || typtype === "e") return "text";
  return Object.hasOwn(KIND_OF_TYPE, type) ? (KIND_OF_TYPE[type] ?? null) : null;
}

/** Up to this many characters, a value need not be looked at before it is read. */
const SHORT = 1_024;
const MODIFIER_OFFSET = 4;

/** Its values may be of any length. */
export function isLong({ type, category, modifier }: ColumnFacts): boolean {
  if (["bytea", "json", "jsonb"].includes(type)) return true;
  if (category !== "S" || type === "name") return false;
  return modifier < 0 || modifier - MODIFIER_OFFSET > SHORT;
}

const WHOLE = ["smallint", "integer", "bigint"];
const TEXTS = ["character varying", "text"];

export function isWhole({ type }: Pick<ColumnFacts, "type">): boolean {
  return WHOLE.includes(type);
}

/** Types whose values are compared under a collation. */
export function hasCollation(type: string): boolean {
  return [...TEXTS, "character"].includes(type);
}

/** Whether the server compares two types by an index of either, and their equal values have equal texts. */
export function areComparable(one: string, other: string): boolean {
  return one === other || [WHOLE, TEXTS].some((like) => like.includes(one) && like.includes(other));
}

/** Types of which equal values have equal texts, so that rows may be matched by them: not numeric, whose 5 is 5.0. */
export function isReference({ type, isDeterministic }: ColumnFacts): boolean {
  return isDeterministic && [...WHOLE, ...TEXTS, "character", "uuid"].includes(type);
}

/** Not citext, which ignores case without a collation. */
export function isId({ type }: ColumnFacts): boolean {
  return [...TEXTS, "character", "uuid", "bytea"].includes(type);
}
