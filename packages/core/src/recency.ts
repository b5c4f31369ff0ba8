import { columnOf, type ResolvedStore } from "./column.js";
import { recencyField } from "./field.js";
import type { Mapping } from "./mapping.js";
import type { SourceBatch } from "./source-batch.js";
import { isRenderable, MAX_TIME_BYTES, writeTime } from "./time.js";
import type { TransformedBatch } from "./transformed-batch.js";

/**
 * Sets the recency of a session that is not written, as it would be written to its field: one that cannot be written
 * counts as the oldest. Where expiries are compared there is nothing to set.
 */
export function makeRecencySetter(
  store: ResolvedStore,
  { timestamps }: Mapping,
): (from: SourceBatch, session: number, into: TransformedBatch) => void {
  const field = recencyField(store);
  if (field === null) return () => undefined;
  const { kind, slot } = columnOf(store, 0, field.column);
  if (kind !== "time") {
    return (from, session, into) => {
      const start = from.textStart(session, slot);
      if (start !== -1) into.setRecency(from.bytes, start, from.textEnd(session, slot));
    };
  }
  const rendered = Buffer.alloc(MAX_TIME_BYTES);
  return (from, session, into) => {
    const milliseconds = from.milliseconds(session, slot);
    if (!isRenderable(milliseconds)) return;
    const microseconds = from.microseconds(session, slot);
    into.setRecency(rendered, 0, writeTime(rendered, 0, milliseconds, microseconds, timestamps));
  };
}
