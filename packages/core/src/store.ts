import type { z } from "zod";
import { storeMistakes } from "./store-mistakes.js";
import { type Store, storeShape } from "./store-shape.js";
import { strictObject } from "./strict-object.js";

/** A store says where an application's sessions lie in the source, and what each becomes in the target. */
export const storeSchema = strictObject(
  storeShape,
  "must be a preset's name, or an object with sessions",
).superRefine((store, context) => {
  for (const { path, message } of storeMistakes(store))
    context.addIssue({ code: "custom", path: [...path], message });
});

/** As an operator writes it. */
export type StoreDescription = z.input<typeof storeSchema>;

/** A store, and what it is called: a preset's name, or `custom`. */
export interface NamedStore extends Store {
  readonly name: string;
}

/** What Redis calls the type of the values. */
export function targetType({ value }: Pick<Store, "value">): "hash" | "string" {
  return value.form === "hash" ? "hash" : "string";
}
