import { type Column, columnOf, type ResolvedStore } from "./column.js";
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

/**
 * Texts of the mapping's ISO form, or numbers. A rounded number holds less than the source does: where two are equal,
 * either session may be the newer one.
 */
export type RecencyForm = "iso" | "number" | "rounded-number";

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
  return {
    by: "field",
    name: renamed(mapping.renames, field.name),
    form: recencyForm(columnOf(store, 0, field.column), mapping),
    absent: nullText(mapping),
  };
}

/** Only the ISO form holds all of a time; a number is copied as it is. */
function recencyForm({ kind }: Column, { timestamps }: Mapping): RecencyForm {
  if (kind !== "time") return "number";
  return timestamps === "iso" ? "iso" : "rounded-number";
}
