import type { FieldsOf } from "./field.js";
import { EXPIRES_AT_FIELD, fixedFields } from "./fixed-fields.js";
import { type Mapping, mappingSchema, renamed } from "./mapping.js";
import { fieldAround, nestingMistake } from "./nested-name.js";
import type { Mistake } from "./store-mistakes.js";
import type { Store } from "./store-shape.js";

type Described = FieldsOf & Pick<Store, "attributes" | "value">;

/** What a mapping says that does not fit the store: fields that would meet, and what would change nothing. */
export function mappingMistakes(store: Described, mapping: Mapping): Mistake[] {
  const needless = needlessOptions(store, mapping);
  if (store.value.form === "string") return needless;
  const clashes = clashingNames(store, mapping);
  const isNested = store.value.form === "json" && clashes.length === 0;
  return [...needless, ...clashes, ...(isNested ? wrongNesting(store, mapping) : [])];
}

/** By the form of the value; an option is told only where it is not as by default. */
const NEEDLESS = {
  hash: { options: [], message: "" },
  json: { options: ["booleans", "nulls"], message: "JSON has its own" },
  string: {
    options: ["timestamps", "booleans", "nulls", "attributes", "renames", "includeExpiresAt"],
    message: "the value is one column",
  },
} as const;

function needlessOptions({ value }: Described, mapping: Mapping): Mistake[] {
  const byDefault = mappingSchema.parse({});
  const { options, message } = NEEDLESS[value.form];
  return options
    .filter((option) => JSON.stringify(mapping[option]) !== JSON.stringify(byDefault[option]))
    .map((option) => ({ path: [option], message: `must be left out: ${message}` }));
}

/** Two fields that would have one name, at the rename that is to be another. */
function clashingNames(store: Described, mapping: Mapping): Mistake[] {
  const taken = new Map<string, string>();
  return fixedFields(store, mapping).flatMap((field): Mistake[] => {
    const name = renamed(mapping.renames, field);
    const other = taken.get(name);
    taken.set(name, field);
    if (other === undefined) return [];
    if (other === field) return [addedTwice(field)];
    const message = `${field} and ${other} would both be named ${name}`;
    return [{ path: renameOf(mapping, field, other), message }];
  });
}

/** An option adds a field that the store has already: one rename would rename both. */
function addedTwice(field: string): Mistake {
  const option = field === EXPIRES_AT_FIELD ? "includeExpiresAt" : "attributes";
  return { path: [option], message: `would add ${field}, which is a field of the store` };
}

function wrongNesting(store: Described, mapping: Mapping): Mistake[] {
  const fields = new Map(
    fixedFields(store, mapping).map((field) => [renamed(mapping.renames, field), field]),
  );
  const names = new Set(fields.keys());
  return [...fields].flatMap(([name, field]): Mistake[] => {
    const message = nestingMistake(name, names);
    if (message === null) return [];
    const around = fields.get(fieldAround(name, names) ?? name) ?? field;
    return [{ path: renameOf(mapping, field, around), message: `${name} ${message}` }];
  });
}

/** The one of two fields that the mapping renames; the first where it renames neither. */
function renameOf({ renames }: Mapping, field: string, other: string): Mistake["path"] {
  const isOther = !Object.hasOwn(renames, field) && Object.hasOwn(renames, other);
  return ["renames", isOther ? other : field];
}
