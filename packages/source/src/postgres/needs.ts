import type { ColumnUse, Kind, NamedStore } from "@rehome/core";
import { areComparable, type ColumnFacts, isId, isReference, isWhole, kindOf } from "./types.js";

/** What a column must be for one of the things that it is read for. */
export interface Need {
  /** Completes "it must be". */
  readonly what: string;
  isMetBy(this: void, column: ColumnFacts): boolean;
}

const ID: Need = { what: "varchar, text, char, uuid or bytea", isMetBy: isId };

const ANY: Need = {
  what: "text, a number, boolean, uuid, a date or time, json or bytea",
  isMetBy: (column) => kindOf(column) !== null,
};

/** What can be written as the bytes that it is. */
const VALUE: Need = {
  what: "text, a number, uuid, json or bytea",
  isMetBy: (column) => isKind(column, "text", "number", "json", "bytes"),
};

const TIME: Need = {
  what: "timestamp or timestamptz",
  isMetBy: (column) => isKind(column, "time"),
};

const NUMBER: Need = { what: "a number", isMetBy: (column) => isKind(column, "number") };

const RECENCY: Need = {
  what: "timestamp, timestamptz or a number",
  isMetBy: (column) => isKind(column, "time", "number"),
};

/** Of both sides: rows of a lookup are matched here, by the texts of their keys. */
export const LOOKUP_KEY: Need = {
  what: "a whole number, uuid, char, varchar or text whose equality is that of its bytes",
  isMetBy: isReference,
};

/** Attributes are matched by the server. */
const REFERENCE_TO_ATTRIBUTES: Need = {
  what: "a whole number, varchar, text, char, uuid or bytea",
  isMetBy: (column) => isId(column) || isWhole(column),
};

export const ATTRIBUTE_NAME: Need = {
  what: "varchar or text",
  isMetBy: ({ type, category }) => category === "S" && type !== "character",
};

export const ATTRIBUTE_VALUE: Need = VALUE;

function isKind(column: ColumnFacts, ...kinds: readonly Kind[]): boolean {
  const kind = kindOf(column);
  return kind !== null && kinds.includes(kind);
}

/** A key of rows that another column refers to: the server must be able to compare the two by an index. */
export function keyFor(referring: ColumnFacts): Need {
  return {
    what: `${referring.type}, as the column that refers to it`,
    isMetBy: ({ type }) => areComparable(type, referring.type),
  };
}

/** Everything a column of the sessions or of a lookup must be. */
export function needsOf({ roles, name, table }: ColumnUse, store: NamedStore): Need[] {
  return roles.flatMap((role): Need[] => {
    switch (role) {
      case "id":
        return [ID];
      case "expiry":
        return [store.sessions.expires.as === "time" ? TIME : NUMBER];
      case "recency":
        return [RECENCY];
      case "value":
      case "decoded":
        return [VALUE];
      case "field":
        return [ANY];
      case "reference":
        return referencesOf(name, table, store);
    }
  });
}

function referencesOf(name: string, table: number, { lookups, attributes }: NamedStore): Need[] {
  if (table !== 0) return [];
  return [
    ...(lookups.some(({ from }) => from === name) ? [LOOKUP_KEY] : []),
    ...(attributes?.from === name ? [REFERENCE_TO_ATTRIBUTES] : []),
  ];
}
