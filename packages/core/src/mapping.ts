import { z } from "zod";
import { hasNoProtoKey } from "./field-shape.js";
import type { Store } from "./store-shape.js";
import { strictObject } from "./strict-object.js";
import { TIMESTAMP_FORMS } from "./time.js";

/** Redis holds no string longer than 512 MB; a worker need not hold even that. */
const DEFAULT_MAX_SESSION_BYTES = 128 * 1024 * 1024;
const REDIS_MAX_STRING_BYTES = 512 * 1024 * 1024;

/** How a session of the store is written. Frozen into a run when it starts; workers use the run's copy only. */
export const mappingSchema = strictObject(
  {
    timestamps: z.enum(TIMESTAMP_FORMS).default("iso"),
    booleans: z.enum(["true/false", "1/0"]).default("true/false"),
    nulls: z
      .union(
        [z.enum(["omit", "empty"]), strictObject({ placeholder: z.string() }, "must be an object")],
        {
          error: 'must be "omit", "empty" or { placeholder: "a text" }',
        },
      )
      .default("omit"),
    attributes: z.enum(["fields", "json"]).default("fields"),
    /** Applied once to every field name, of a field of the store or an attribute. */
    renames: z
      .custom<Record<string, string>>(hasNoProtoKey, "__proto__ cannot be renamed")
      .pipe(z.record(z.string(), z.string()))
      .default({}),
    /** In place of the store's. Never empty: what Rehome itself keeps in the target must lie outside. */
    keyPrefix: z.string().min(1, "must not be empty").optional(),
    includeExpiresAt: z.boolean().default(false),
    maxSessionBytes: z
      .int()
      .positive()
      .max(REDIS_MAX_STRING_BYTES)
      .default(DEFAULT_MAX_SESSION_BYTES),
  },
  "must be an object",
);

/** With the key prefix, the mapping's own or the store's. */
export const completeMappingSchema = mappingSchema.required({ keyPrefix: true });
export type Mapping = z.output<typeof completeMappingSchema>;

export function completeMapping(
  mapping: z.output<typeof mappingSchema>,
  store: Pick<Store, "keyPrefix">,
): Mapping {
  return completeMappingSchema.parse({ keyPrefix: store.keyPrefix, ...mapping });
}

/** What is written where the source has NULL; null means the field is left out. */
export function nullText(mapping: Pick<Mapping, "nulls">): string | null {
  switch (mapping.nulls) {
    case "omit":
      return null;
    case "empty":
      return "";
    default:
      return mapping.nulls.placeholder;
  }
}

/** `Object.hasOwn`, because an attribute may be named `__proto__` or `constructor`. */
export function renamed(renames: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(renames, name) ? (renames[name] ?? name) : name;
}
