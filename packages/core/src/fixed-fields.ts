import { type FieldsOf, fieldsOf } from "./field.js";
import { type Mapping, renamed } from "./mapping.js";
import { partsOf } from "./nested-name.js";
import type { Store } from "./store-shape.js";

/** Written only under `includeExpiresAt`: the expiry is the key's own. */
export const EXPIRES_AT_FIELD = "expires_at";

/** The one field that holds every attribute under `attributes: json`. */
export const ATTRIBUTES_FIELD = "session_specific_attributes";

/** Every field that does not come from an attribute, before renames. */
export function fixedFields(
  store: FieldsOf & Pick<Store, "attributes">,
  mapping: Pick<Mapping, "attributes" | "includeExpiresAt">,
): string[] {
  const hasAttributesField = mapping.attributes === "json" && store.attributes !== null;
  return [
    ...fieldsOf(store).map(({ name }) => name),
    ...(mapping.includeExpiresAt ? [EXPIRES_AT_FIELD] : []),
    ...(hasAttributesField ? [ATTRIBUTES_FIELD] : []),
  ];
}

type WrittenBy = FieldsOf & Pick<Store, "attributes" | "value">;

/** What fixed fields are called in the target, or in JSON the outermost objects that hold them: no attribute may be. */
export function reservedNames(store: WrittenBy, mapping: Mapping): Set<string> {
  const names = fixedFields(store, mapping).map((field) => renamed(mapping.renames, field));
  if (store.value.form !== "json") return new Set(names);
  return new Set(names.map((name) => partsOf(name)[0] ?? name));
}

/** Names that an attribute of the source may not have: with them it would be named like another field. */
export function collidingNames(store: WrittenBy, mapping: Mapping): string[] {
  if (mapping.attributes === "json" || store.attributes === null) return [];
  const { prefix } = store.attributes;
  const reserved = reservedNames(store, mapping);
  return [...reserved, ...Object.keys(mapping.renames)].flatMap((name) =>
    reserved.has(renamed(mapping.renames, name)) && name.startsWith(prefix)
      ? [name.slice(prefix.length)]
      : [],
  );
}
