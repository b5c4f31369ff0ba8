import { z } from "zod";
import { fieldsOf, hasNoProtoKey, type Store } from "./store.js";
import { strictObject } from "./strict-object.js";
import { TIMESTAMP_FORMS } from "./time.js";

/** Written only under `includeExpiresAt`: the expiry is the key's own. */
export const EXPIRES_AT_FIELD = "expires_at";

/** The one field that holds every attribute under `attributes: json`. */
export const ATTRIBUTES_FIELD = "session_specific_attributes";

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

type Fields = Pick<Store, "sessions" | "lookups" | "order">;

/** Every field that does not come from an attribute, before renames. */
export function fixedFields(
  store: Fields,
  mapping: Pick<Mapping, "attributes" | "includeExpiresAt">,
): string[] {
  return [
    ...fieldsOf(store).map(({ name }) => name),
    ...(mapping.includeExpiresAt ? [EXPIRES_AT_FIELD] : []),
    ...(mapping.attributes === "json" ? [ATTRIBUTES_FIELD] : []),
  ];
}

/** Two fields that would have one name, by the field that is to be renamed otherwise. */
export function clashingRenames(
  store: Fields,
  mapping: Pick<Mapping, "attributes" | "includeExpiresAt" | "renames">,
): { readonly field: string; readonly message: string }[] {
  const taken = new Map<string, string>();
  return fixedFields(store, mapping).flatMap((field) => {
    const name = renamed(mapping.renames, field);
    const other = taken.get(name);
    taken.set(name, field);
    if (other === undefined) return [];
    const message = `${field} and ${other} would both be named ${name}`;
    return [{ field: Object.hasOwn(mapping.renames, field) ? field : other, message }];
  });
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

/** What the fields of the store are called in the target: no attribute may be called so. */
export function reservedNames(store: Fields, mapping: Mapping): Set<string> {
  return new Set(fixedFields(store, mapping).map((field) => renamed(mapping.renames, field)));
}

/** Names that an attribute of the source may not have: with them it would be named like another field. */
export function collidingNames(
  store: Fields & Pick<Store, "attributes">,
  mapping: Mapping,
): string[] {
  if (mapping.attributes === "json" || store.attributes === null) return [];
  const { prefix } = store.attributes;
  const reserved = reservedNames(store, mapping);
  return [...reserved, ...Object.keys(mapping.renames)].flatMap((name) =>
    reserved.has(renamed(mapping.renames, name)) && name.startsWith(prefix)
      ? [name.slice(prefix.length)]
      : [],
  );
}
