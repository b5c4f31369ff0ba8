import { z } from "zod";
import { type Codec, CODECS } from "./codec.js";
import { strictObject } from "./strict-object.js";

export const name = z.string({ error: "must be a name" }).min(1, "must not be empty");

export const column = z.string({ error: "must be a column's name" }).min(1, "must not be empty");

/** A column's name stands for an object that holds nothing else. */
export function orColumn<T extends z.ZodType>(schema: T) {
  const written = z.preprocess(
    (value) => (typeof value === "string" ? { column: value } : value),
    schema,
  );
  return written as unknown as z.ZodType<z.output<T>, string | z.input<T>>;
}

const isCodec = (value: unknown): value is Codec => CODECS.some((codec) => codec === value);

/** One codec stands for a list of one. */
const codecList = z.preprocess(
  (value) => (isCodec(value) ? [value] : value),
  z.array(z.enum(CODECS, { error: `must be one of ${CODECS.join(", ")}` }), {
    error: `must be one of ${CODECS.join(", ")}, or a list of them`,
  }),
) as unknown as z.ZodType<Codec[], Codec | readonly Codec[]>;

export const codec = codecList.default([]);

const fieldSchema = orColumn(
  strictObject({ column, codec }, "must be a column, or { column, codec }"),
);

/** zod would drop `__proto__` without a word: what a user asks for is done or refused. */
export function hasNoProtoKey(value: unknown): boolean {
  return !(typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__"));
}

/** Field to column. */
export const fields = z
  .custom<Record<string, z.input<typeof fieldSchema>>>(
    hasNoProtoKey,
    "__proto__ cannot be the name of a field",
  )
  .pipe(
    z.record(name, fieldSchema, {
      error: ({ code }) =>
        code === "invalid_key"
          ? "the name of a field must not be empty"
          : "must be an object, field: column",
    }),
  )
  .default({});
