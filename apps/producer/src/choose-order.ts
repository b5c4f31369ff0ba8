import type { ORDERS, ReadingOrder, ResolvedStore } from "@rehome/core";
import type { Source } from "@rehome/source";

/**
 * In which order a run reads. To be chosen before anything is read: what is written to the source from now on is read at
 * the end of a run in physical order, wherever it lies.
 */
export async function chooseOrder(
  source: Source,
  store: ResolvedStore,
  asked: (typeof ORDERS)[number],
): Promise<ReadingOrder> {
  const baseline = asked === "id" ? null : await source.baseline(store);
  return baseline === null ? { kind: "id" } : { kind: "physical", ...baseline };
}

/** For people. */
export function describeOrder({ kind }: Pick<ReadingOrder, "kind">): string {
  return kind === "physical" ? "in physical order" : "in the order of the session ids";
}
