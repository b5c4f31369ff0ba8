import { z } from "zod";
import { ATTRIBUTES_FIELD, CORE_FIELDS, EXPIRES_AT_FIELD } from "./field.js";
import { TIMESTAMP_FORMS } from "./time.js";

/** Redis holds no string longer than 512 MB; a worker need not hold even that. */
const DEFAULT_MAX_SESSION_BYTES = 128 * 1024 * 1024;
const REDIS_MAX_STRING_BYTES = 512 * 1024 * 1024;

/** How a source session becomes a target hash. Frozen into a run when it starts; workers use the run's copy only. */
export const mappingSchema = z
  .strictObject({
    timestamps: z.enum(TIMESTAMP_FORMS).default("iso"),
    booleans: z.enum(["true/false", "1/0"]).default("true/false"),
    nulls: z
      .union([z.enum(["omit", "empty"]), z.strictObject({ placeholder: z.string() })], {
        error: 'must be "omit", "empty" or { placeholder: "a text" }',
      })
      .default("omit"),
    attributes: z.enum(["fields", "json"]).default("fields"),
    /** Applied once to every field name, of a core field or an attribute. */
    renames: z
      .custom<Record<string, string>>(hasNoProtoKey, "__proto__ cannot be renamed")
      .pipe(z.record(z.string(), z.string()))
      .default({}),
    /** Never empty: what Rehome itself keeps in the target must lie outside. */
    keyPrefix: z.string().min(1, "must not be empty").default("session:"),
    includeExpiresAt: z.boolean().default(false),
    maxSessionBytes: z
      .int()
      .positive()
      .max(REDIS_MAX_STRING_BYTES)
      .default(DEFAULT_MAX_SESSION_BYTES),
  })
  .superRefine((mapping, context) => {
    const taken = new Map<string, string>();
    for (const field of fixedFields(mapping)) {
      const name = renamed(mapping.renames, field);
      const other = taken.get(name);
      if (other !== undefined) {
        context.addIssue({
          code: "custom",
          path: ["renames", Object.hasOwn(mapping.renames, field) ? field : other],
          message: `${field} and ${other} would both be named ${name}`,
        });
      }
      taken.set(name, field);
    }
  });

/** zod would drop this key without a word: what a user asks for is done or refused. */
function hasNoProtoKey(renames: unknown): boolean {
  return !(typeof renames === "object" && renames !== null && Object.hasOwn(renames, "__proto__"));
}

export type Mapping = z.infer<typeof mappingSchema>;

export const defaultMapping: Mapping = mappingSchema.parse({});

/** Every field that does not come from an attribute, before renames. */
export function fixedFields(mapping: Pick<Mapping, "attributes" | "includeExpiresAt">): string[] {
  return [
    ...CORE_FIELDS,
    ...(mapping.includeExpiresAt ? [EXPIRES_AT_FIELD] : []),
    ...(mapping.attributes === "json" ? [ATTRIBUTES_FIELD] : []),
  ];
}

/** What is written where the source has NULL; null means the field is left out. */
export function nullText(mapping: Mapping): string | null {
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

/** Names that an attribute of the source may not have: with them it would be named like another field. */
export function collidingNames(mapping: Mapping): string[] {
  if (mapping.attributes === "json") return [];
  const reserved = new Set(fixedFields(mapping).map((field) => renamed(mapping.renames, field)));
  return [...reserved, ...Object.keys(mapping.renames)].filter((name) =>
    reserved.has(renamed(mapping.renames, name)),
  );
}
