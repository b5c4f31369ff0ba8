import { z } from "zod";
import { CODECS } from "./codec.js";
import { strictObject } from "./strict-object.js";
import { parseTableName } from "./table-name.js";

/*
 * A store says where an application's sessions lie in the source, and what each becomes in the target. What is parsed
 * here is complete: every option has its value, every short form is written out. It may be parsed again.
 */

const name = z.string({ error: "must be a name" }).min(1, "must not be empty");

const column = z.string({ error: "must be a column's name" }).min(1, "must not be empty");

const table = z
  .string({ error: "must be a table's name" })
  .refine((text) => parseTableName(text) !== null, {
    error: "must be a table's name, [schema.]table",
  });

const codecs = z
  .preprocess(
    (value) => (typeof value === "string" ? [value] : value),
    z.array(z.enum(CODECS, { error: `must be one of ${CODECS.join(", ")}` }), {
      error: `must be one of ${CODECS.join(", ")}, or a list of them`,
    }),
  )
  .default([]);

/** A column's name stands for an object that holds nothing else. */
function orColumn<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (typeof value === "string" ? { column: value } : value), schema);
}

const fieldSchema = orColumn(
  strictObject({ column, codec: codecs }, "must be a column, or { column, codec }"),
);

/** Field to column. zod would drop `__proto__` without a word: what a user asks for is done or refused. */
const fieldsSchema = z
  .custom<Record<string, unknown>>(hasNoProtoKey, "__proto__ cannot be the name of a field")
  .pipe(z.record(name, fieldSchema, { error: "must be an object, field: column" }))
  .default({});

export function hasNoProtoKey(value: unknown): boolean {
  return !(typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__"));
}

export const EXPIRY_FORMS = ["time", "epoch-seconds", "epoch-milliseconds"] as const;

const expirySchema = orColumn(
  strictObject(
    {
      column,
      as: z
        .enum(EXPIRY_FORMS, { error: `must be one of ${EXPIRY_FORMS.join(", ")}` })
        .default("time"),
      /** Added: the lifetime, where the column says when the session was used last. */
      plusSeconds: z.int({ error: "must be a whole number of seconds" }).default(0),
      /** Seconds from the start of the run, for rows without an expiry; null: they are rejected. */
      ifMissing: z
        .int({ error: "must be a whole number of seconds" })
        .positive("must be more than 0")
        .nullable()
        .default(null),
      /** A number of at most `atMost` is a duration that began at the time in `column`. */
      since: z
        .strictObject(
          { column, atMost: z.int().positive() },
          { error: "must be { column, atMost }" },
        )
        .nullable()
        .default(null),
    },
    "must be a column, or { column, as, plusSeconds, ifMissing }",
  ),
);

const sessionsSchema = strictObject(
  {
    table,
    /** Unique; text, uuid or bytes. */
    id: column,
    /** The ids of the source begin with the key prefix themselves: the key is the id. */
    idHoldsPrefix: z.boolean({ error: "must be true or false" }).default(false),
    expires: expirySchema,
    /** The column that the policy `newer` compares; null: the expiry is compared. */
    recency: column.nullable().default(null),
    fields: fieldsSchema,
  },
  "must be an object with table, id and expires",
);

/** A table with at most one row for each session. */
const lookupSchema = strictObject(
  {
    table,
    key: column,
    /** The column of the sessions that holds the key. */
    from: column,
    fields: fieldsSchema,
  },
  "must be an object with table, key, from and fields",
);

/** A table with any number of rows for each session, each one field. */
const attributesSchema = strictObject(
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

const VALUE = 'must be "hash", "json" or { string: column, codec }';

/** `string`: one column is the whole value, and `empty` says what a row is in which it holds no byte. */
const valueSchema = z
  .preprocess(
    withForm,
    z.discriminatedUnion(
      "form",
      [
        strictObject({ form: z.literal("hash") }, VALUE),
        strictObject({ form: z.literal("json") }, VALUE),
        strictObject(
          {
            form: z.literal("string"),
            string: column,
            codec: codecs,
            empty: z
              .enum(["value", "expired"], { error: "must be value or expired" })
              .default("value"),
          },
          VALUE,
        ),
      ],
      { error: VALUE },
    ),
  )
  .default({ form: "hash" });

function withForm(value: unknown): unknown {
  if (typeof value === "string") return { form: value };
  const isColumn = typeof value === "object" && value !== null && "string" in value;
  return isColumn ? { form: "string", ...value } : value;
}

export const ZONE_OF_SERVER = "server";
export const DEFAULT_KEY_PREFIX = "session:";

export const storeSchema = z
  .strictObject(
    {
      sessions: sessionsSchema,
      lookups: z.array(lookupSchema, { error: "must be a list" }).default([]),
      attributes: attributesSchema.nullable().default(null),
      value: valueSchema,
      /** What times without a zone mean: the digits the server prints are meant in this zone. */
      zone: z.string({ error: "must be a zone's name" }).min(1).default(ZONE_OF_SERVER),
      /** Never empty: what Rehome itself keeps in the target must lie outside. */
      keyPrefix: z.string().min(1, "must not be empty").default(DEFAULT_KEY_PREFIX),
      /** Fields in the order in which they are written; those not named follow. */
      order: z.array(name, { error: "must be a list of fields" }).default([]),
    },
    "must be a preset's name, or an object with sessions",
  )
  .superRefine((store, context) => {
    for (const { path, message } of contradictions(store))
      context.addIssue({ code: "custom", path: [...path], message });
  });

/** As an operator writes it. */
export type StoreDescription = z.input<typeof storeSchema>;
export type Store = z.output<typeof storeSchema>;

/** A store, and what it is called: a preset's name, or `custom`. */
export interface NamedStore extends Store {
  readonly name: string;
}

export type Expiry = Store["sessions"]["expires"];

/** A field of a hash or a JSON object, in the order in which it is written. */
export interface Field {
  readonly name: string;
  readonly column: string;
  readonly codec: Store["sessions"]["fields"][string]["codec"];
  /** The table its column is of: 0 is the sessions' own, n the n-th lookup's. */
  readonly table: number;
  /** Where it stands in the description. */
  readonly path: readonly (string | number)[];
}

export function fieldsOf(store: Pick<Store, "sessions" | "lookups" | "order">): Field[] {
  const of = (fields: Store["sessions"]["fields"], table: number, path: Field["path"]) =>
    Object.entries(fields).map(([field, { column: of, codec }]) => ({
      name: field,
      column: of,
      codec,
      table,
      path: [...path, "fields", field],
    }));
  const fields = [
    ...of(store.sessions.fields, 0, ["sessions"]),
    ...store.lookups.flatMap((lookup, i) => of(lookup.fields, i + 1, ["lookups", i])),
  ];
  const place = new Map(store.order.map((field, at) => [field, at]));
  const placeOf = ({ name: field }: Field) => place.get(field) ?? place.size;
  return fields.toSorted((one, other) => placeOf(one) - placeOf(other));
}

/** What Redis calls the type of the values. */
export function targetType(store: Pick<Store, "value">): "hash" | "string" {
  return store.value.form === "hash" ? "hash" : "string";
}

interface Mistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Parsed = Pick<Store, "sessions" | "lookups" | "attributes" | "value" | "order">;

function contradictions(store: Parsed): Mistake[] {
  const { sessions, lookups, attributes, value, order } = store;
  if (sessions.expires.since !== null && sessions.expires.as === "time") {
    const path = ["sessions", "expires", "since"];
    return [{ path, message: "needs `as`: only a number can be a duration" }];
  }
  if (value.form === "string") {
    const extra: Mistake[] = [];
    const message = "must be left out: the value is one column";
    if (Object.keys(sessions.fields).length > 0)
      extra.push({ path: ["sessions", "fields"], message });
    if (lookups.length > 0) extra.push({ path: ["lookups"], message });
    if (attributes !== null) extra.push({ path: ["attributes"], message });
    return [...extra, ...recencyMistakes(store)];
  }
  const fields = fieldsOf(store);
  const names = new Set(fields.map((field) => field.name));
  return [
    ...(fields.length === 0 && attributes === null
      ? [
          {
            path: ["sessions", "fields"],
            message: "must name a field, since nothing else would be written",
          },
        ]
      : []),
    ...order.flatMap((field, i) =>
      names.has(field) ? [] : [{ path: ["order", i], message: `there is no field ${field}` }],
    ),
    ...sameNames(fields),
    ...(value.form === "json" ? nestedNames(fields) : []),
    ...recencyMistakes(store),
  ];
}

function sameNames(fields: readonly Field[]): Mistake[] {
  const taken = new Set<string>();
  return fields.flatMap(({ name: field, path }) => {
    if (taken.has(field)) return [{ path, message: "another field has this name" }];
    taken.add(field);
    return [];
  });
}

/** In JSON, `a` cannot be a value and an object that holds `a.b` as well. */
function nestedNames(fields: readonly Field[]): Mistake[] {
  const names = new Set(fields.map((field) => field.name));
  return fields.flatMap(({ name: field, path }) => {
    const parts = field.split(".");
    if (parts.includes("")) return [{ path, message: "has an empty part before or after a dot" }];
    const above = parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join("."));
    const value = above.find((prefix) => names.has(prefix));
    return value === undefined
      ? []
      : [{ path, message: `cannot be within ${value}, which is a field itself` }];
  });
}

/** In the target, recency is read from the field that holds it. */
function recencyMistakes(store: Parsed): Mistake[] {
  const { recency } = store.sessions;
  if (recency === null) return [];
  const path = ["sessions", "recency"];
  if (targetType(store) !== "hash")
    return [{ path, message: "must be left out: of a string the expiry is compared" }];
  return recencyField(store) === null
    ? [
        {
          path,
          message: "must be the column of a field without a codec, from which it is read back",
        },
      ]
    : [];
}

/** The field of the target that `newer` compares; null where it compares the expiry. */
export function recencyField(store: Pick<Store, "sessions" | "lookups" | "order">): Field | null {
  const { recency } = store.sessions;
  const field = fieldsOf(store).find(
    ({ table: of, column: from, codec }) =>
      of === 0 && from === recency && codec.every((one) => one === "text"),
  );
  return field ?? null;
}
