import type { PhysicalOrder, Range, ResolvedStore } from "@rehome/core";
import type { PlacedRows } from "../reader.js";
import { assertNotRewritten, openRows } from "./open-rows.js";
import { placeOf } from "./place.js";

/** The rows of a range of pages, or of the range that closes the plan. */
export function placedRange(store: ResolvedStore, order: PhysicalOrder, range: Range): PlacedRows {
  const place = placeOf(range, order);
  return {
    open: (client) => openRows(client, store, order, place),
    check: (client) => assertNotRewritten(client, place),
  };
}
