import { type Field, fieldsOf, recencyField } from "./field.js";
import { nestingMistake } from "./nested-name.js";
import type { Store } from "./store-shape.js";

/** What is wrong, and where. */
export interface Mistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Parsed = Pick<Store, "sessions" | "lookups" | "attributes" | "value" | "order">;

/** What is wrong with a store whose parts are each as they should be. */
export function storeMistakes(store: Parsed): Mistake[] {
  return [
    ...expiryMistakes(store),
    ...(store.value.form === "string" ? needlessFields(store) : fieldMistakes(store)),
    ...recencyMistakes(store),
  ];
}

function expiryMistakes({ sessions: { expires } }: Parsed): Mistake[] {
  if (expires.since === null || expires.as !== "time") return [];
  const path = ["sessions", "expires", "since"];
  return [{ path, message: "needs `as`: only a number can be a duration" }];
}

function needlessFields({ sessions, lookups, attributes, order }: Parsed): Mistake[] {
  const needless = [
    ...(Object.keys(sessions.fields).length > 0 ? [["sessions", "fields"]] : []),
    ...(lookups.length > 0 ? [["lookups"]] : []),
    ...(attributes === null ? [] : [["attributes"]]),
    ...(order.length > 0 ? [["order"]] : []),
  ];
  return needless.map((path) => ({ path, message: "must be left out: the value is one column" }));
}

function fieldMistakes(store: Parsed): Mistake[] {
  const fields = fieldsOf(store);
  if (fields.length === 0 && store.attributes === null) {
    const path = ["sessions", "fields"];
    return [{ path, message: "must name a field, since nothing else would be written" }];
  }
  const names = new Set(fields.map(({ name }) => name));
  return [
    ...unknownInOrder(store, names),
    ...sameNames(fields),
    ...(store.value.form === "json" ? wrongNesting(fields, names) : []),
  ];
}

function unknownInOrder({ order }: Parsed, names: ReadonlySet<string>): Mistake[] {
  const message = `must be the name of a field (there are: ${[...names].join(", ")})`;
  return order.flatMap((name, i) => (names.has(name) ? [] : [{ path: ["order", i], message }]));
}

function sameNames(fields: readonly Field[]): Mistake[] {
  const taken = new Set<string>();
  return fields.flatMap(({ name, path }) => {
    if (taken.has(name)) return [{ path, message: "another field has this name" }];
    taken.add(name);
    return [];
  });
}

function wrongNesting(fields: readonly Field[], names: ReadonlySet<string>): Mistake[] {
  return fields.flatMap(({ name, path }) => {
    const message = nestingMistake(name, names);
    return message === null ? [] : [{ path, message }];
  });
}

/** In the target, recency is read from the field that holds it. */
function recencyMistakes(store: Parsed): Mistake[] {
  if (store.sessions.recency === null) return [];
  const path = ["sessions", "recency"];
  if (store.value.form !== "hash")
    return [{ path, message: "must be left out: the expiry of a string is compared" }];
  if (recencyField(store) !== null) return [];
  return [
    { path, message: "must be the column of a field without a codec, from which it is read back" },
  ];
}
