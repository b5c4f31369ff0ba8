import { z } from "zod";
import { column, fields, name, orColumn } from "./field-shape.js";
import { strictObject } from "./strict-object.js";
import { parseTableName } from "./table-name.js";
import { value } from "./value-shape.js";

/*
 * What the parts of a store's description may be. What is parsed here is complete: every option has its value, every
 * short form is written out, and parsing it again changes nothing.
 */

const table = z
  .string({ error: "must be a table's name" })
  .refine((text) => parseTableName(text) !== null, {
    error: "must be a table's name, [schema.]table",
  });

/** Longer than any session lives, and short enough for the source to add. */
const MAX_SECONDS = 10_000_000_000;
const seconds = z
  .int({ error: "must be a whole number of seconds" })
  .min(-MAX_SECONDS, `must not be less than ${-MAX_SECONDS}`)
  .max(MAX_SECONDS, `must not be more than ${MAX_SECONDS}`);

const flag = z.boolean({ error: "must be true or false" });

const EXPIRY_FORMS = ["time", "epoch-seconds", "epoch-milliseconds"] as const;

const since = strictObject(
  {
    column,
    atMost: z.int({ error: "must be a whole number" }).positive("must be more than 0"),
  },
  "must be { column, atMost }",
);

const expires = orColumn(
  strictObject(
    {
      column,
      as: z
        .enum(EXPIRY_FORMS, { error: `must be one of ${EXPIRY_FORMS.join(", ")}` })
        .default("time"),
      /** Added: the lifetime, where the column says when the session was used last. */
      plusSeconds: seconds.default(0),
      /** Seconds from the start of the run, for rows without an expiry; null: they are rejected. */
      ifMissing: seconds.positive("must be more than 0").nullable().default(null),
      /** A number of at most `atMost` is a duration that began at the time in `column`. */
      since: since.nullable().default(null),
    },
    "must be a column, or { column, as, plusSeconds, ifMissing }",
  ),
);

const sessions = strictObject(
  {
    table,
    /** Unique; text, uuid or bytes. */
    id: column,
    /** The ids of the source begin with the key prefix themselves: the key is the id. */
    idHoldsPrefix: flag.default(false),
    expires,
    /** The column that the policy `newer` compares; null: the expiry is compared. */
    recency: column.nullable().default(null),
    fields,
  },
  "must be an object with table, id and expires",
);

/** A table with at most one row for each session. */
const lookup = strictObject(
  {
    table,
    key: column,
    /** The column of the sessions that holds the key. */
    from: column,
    fields,
  },
  "must be an object with table, key, from and fields",
);

/** A table with any number of rows for each session, each one field. */
const attributes = strictObject(
  {
    table,
    session: column,
    /** The column of the sessions that `session` refers to; null: the id. */
    from: column.nullable().default(null),
    name: column,
    value: column,
    /** What the names of the fields begin with; the attribute's own name follows. */
    prefix: z.string({ error: "must be a text" }).default(""),
  },
  "must be an object with table, session, name and value",
);

export const ZONE_OF_SERVER = "server";
const DEFAULT_KEY_PREFIX = "session:";

export const storeShape = {
  sessions,
  lookups: z.array(lookup, { error: "must be a list" }).default([]),
  attributes: attributes.nullable().default(null),
  value,
  /** What times without a zone mean: the digits the server prints are meant in this zone. */
  zone: z
    .string({ error: "must be a zone's name" })
    .min(1, "must not be empty")
    .default(ZONE_OF_SERVER),
  /** Never empty: what Rehome itself keeps in the target must lie outside. */
  keyPrefix: z
    .string({ error: "must be a text" })
    .min(1, "must not be empty")
    .default(DEFAULT_KEY_PREFIX),
  /** Fields in the order in which they are written; those not named follow. */
  order: z.array(name, { error: "must be a list of fields" }).default([]),
};

/** A store, complete. */
export type Store = z.output<z.ZodObject<typeof storeShape>>;
