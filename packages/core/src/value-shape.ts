import { z } from "zod";
import { codec, column } from "./field-shape.js";
import { strictObject } from "./strict-object.js";

const VALUE = 'must be "hash", "json" or { string: column, codec }';

const hash = strictObject({ form: z.literal("hash") }, VALUE);
const json = strictObject({ form: z.literal("json") }, VALUE);

/** One column is the whole value, and `empty` says what a row is in which it holds no byte. */
const string = strictObject(
  {
    form: z.literal("string"),
    string: column,
    codec,
    empty: z.enum(["value", "expired"], { error: "must be value or expired" }).default("value"),
  },
  VALUE,
);

const FORMS = ["hash", "json", "string"];

/** With the form that a short one stands for; null, which is none, for an object without a form. */
function withForm(value: unknown): unknown {
  if (value === "hash" || value === "json") return { form: value };
  if (typeof value !== "object" || value === null) return value;
  if ("string" in value) return { form: "string", ...value };
  return "form" in value && FORMS.some((form) => form === value.form) ? value : null;
}

const written = z.preprocess(
  withForm,
  z.discriminatedUnion("form", [hash, json, string], { error: VALUE }),
);

export interface StringValue {
  readonly string: string;
  readonly codec?: z.input<typeof codec>;
  readonly empty?: "value" | "expired";
}

export const value = (
  written as unknown as z.ZodType<
    z.output<typeof written>,
    "hash" | "json" | StringValue | z.output<typeof written>
  >
).default({ form: "hash" });
