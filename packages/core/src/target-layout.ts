import { columnOf, type ResolvedStore } from "./column.js";
import { recencyField } from "./field.js";
import { type Mapping, nullText, renamed } from "./mapping.js";
import type { IdKind } from "./session.js";
import { targetType } from "./store.js";

/** What the key of a session is. */
export interface KeyLayout {
  /** What every key begins with. */
  readonly prefix: string;
  /** The key is the id itself, which holds the prefix; else the prefix, then the id. */
  readonly idHoldsPrefix: boolean;
  readonly idKind: IdKind;
}

/** What the policy `newer` compares: a field of the hash, or else the expiry. */
export type RecencyRule =
  | {
      readonly by: "field";
      readonly name: string;
      readonly form: RecencyForm;
      /** The text that stands for null. */
      readonly absent: string | null;
    }
  | { readonly by: "expiry" };

/** Texts of the mapping's ISO form, or numbers. */
export type RecencyForm = "iso" | "number";

/** Where and as what a run's sessions lie in the target. */
export interface TargetLayout {
  readonly keys: KeyLayout;
  /** As Redis calls it. */
  readonly type: "hash" | "string";
  readonly recency: RecencyRule;
}

export function targetLayoutOf(run: {
  readonly store: ResolvedStore;
  readonly mapping: Mapping;
}): TargetLayout {
  const { store, mapping } = run;
  const { id, idHoldsPrefix } = store.sessions;
  return {
    keys: {
      prefix: mapping.keyPrefix,
      idHoldsPrefix,
      idKind: columnOf(store, 0, id).kind === "bytes" ? "bytes" : "text",
    },
    type: targetType(store),
    recency: recencyRule(store, mapping),
  };
}

function recencyRule(store: ResolvedStore, mapping: Mapping): RecencyRule {
  const field = recencyField(store);
  if (field === null) return { by: "expiry" };
  const isIso = columnOf(store, 0, field.column).kind === "time" && mapping.timestamps === "iso";
  return {
    by: "field",
    name: renamed(mapping.renames, field.name),
    form: isIso ? "iso" : "number",
    absent: nullText(mapping),
  };
}
