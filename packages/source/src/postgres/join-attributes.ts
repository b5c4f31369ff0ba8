import type { ResolvedStore, SourceBatch } from "@rehome/core";
import type { PoolClient } from "pg";
import { Attributes } from "./attributes.js";
import type { Match } from "./match.js";
import { OpenBatch } from "./open-batch.js";
import type { Page } from "./page.js";
import type { ReadSpace } from "./read-space.js";
import type { ExtractOptions } from "./reader.js";
import { ATTRIBUTE, type AttributeLookup, selectAttributes } from "./statement.js";

/** All that reading one chunk needs. */
export interface Reading extends ExtractOptions {
  readonly store: ResolvedStore;
  readonly client: PoolClient;
  readonly lookup: AttributeLookup;
  readonly space: ReadSpace;
}

/** The sessions of a page, in batches. */
export async function* joinAttributes(
  reading: Reading,
  page: Page,
  match: Match,
): AsyncGenerator<SourceBatch> {
  if (page.count === 0) return;
  const { client, store, lookup, maxSessionBytes } = reading;
  if (store.attributes === null) {
    yield* withoutAttributes(reading, page);
    return;
  }
  const select = selectAttributes(store, match, maxSessionBytes, lookup);
  yield* mergeJoin(reading, page, new Attributes(client, select, page));
}

function* withoutAttributes({ space, batchBytes }: Reading, page: Page): Generator<SourceBatch> {
  const open = new OpenBatch(space, batchBytes);
  for (let place = 0; place < page.count; place += 1) {
    if (page.isLarge(place)) continue;
    open.complete(page.fill(place, open.batch));
    if (open.isFull) yield* open.take();
  }
  yield* open.take();
}

/** Both sides come in one order, so a session is complete once the cursor is at an attribute of a later one. */
async function* mergeJoin(
  { space, batchBytes, maxSessionBytes }: Reading,
  page: Page,
  attributes: Attributes,
): AsyncGenerator<SourceBatch> {
  const { row } = attributes;
  const { name, value, withheld } = ATTRIBUTE;
  const open = new OpenBatch(space, batchBytes);
  const { batch } = open;

  for (let place = 0; place < page.count; place += 1) {
    const isLarge = page.isLarge(place);
    let bytes = 0;
    attributes.place = place;
    while (attributes.owner <= place) {
      if (attributes.owner === place && !isLarge) {
        bytes += row.isTrue(space.buffer.bytes, withheld) ? Infinity : row.size;
        if (bytes <= maxSessionBytes)
          batch.addAttribute(row.start(name), row.end(name), row.start(value), row.end(value));
        else {
          // It will be rejected: nothing of it is kept but its size.
          bytes = Infinity;
          batch.dropAttributes();
        }
      }
      // What belongs to no session, or to one over the limit, must not pile up.
      if (attributes.keptBytes > batchBytes && batch.pendingAttributes === 0) {
        yield* open.take();
        attributes.forget();
      }
      if (!attributes.next()) await attributes.wait();
    }
    if (isLarge) continue;
    open.complete(page.fill(place, batch) + bytes);
    if (!open.isFull) continue;
    yield* open.take();
    attributes.forgetBefore();
  }
  yield* open.take();
}
