import type { ResolvedStore, SourceBatch } from "@rehome/core";
import type { PoolClient } from "pg";
import { Attributes, ORPHAN } from "./attributes.js";
import { OpenBatch } from "./open-batch.js";
import type { Page } from "./page.js";
import type { ReadSpace } from "./read-space.js";
import type { ExtractOptions } from "./reader.js";
import {
  ATTRIBUTE,
  type AttributeLookup,
  type AttributesOf,
  selectAttributes,
} from "./statement.js";

/** All that reading one chunk needs. */
export interface Reading extends ExtractOptions {
  readonly store: ResolvedStore;
  readonly client: PoolClient;
  readonly lookup: AttributeLookup;
  readonly space: ReadSpace;
}

/** The sessions of a page, in batches: those with attributes in the attributes' order, then the others. */
export async function* joinAttributes(
  reading: Reading,
  page: Page,
  of: AttributesOf,
): AsyncGenerator<SourceBatch> {
  if (page.count === 0) return;
  const { client, store, lookup, maxSessionBytes, space, batchBytes } = reading;
  const open = new OpenBatch(space, batchBytes);
  /** 1 for each session that is in a batch. */
  const joined = new Uint8Array(page.count);
  if (store.attributes !== null) {
    const select = selectAttributes(store, of, maxSessionBytes, lookup);
    yield* join(reading, page, new Attributes(client, select, page), open, joined);
  }
  for (let place = 0; place < page.count; place += 1) {
    if (joined[place] === 1 || page.isLarge(place)) continue;
    open.complete(page.fill(place, open.batch));
    if (open.isFull) yield* open.take();
  }
  yield* open.take();
}

/** The attributes of one session follow each other, so it is complete once the cursor is at one of another session. */
async function* join(
  { space, batchBytes, maxSessionBytes }: Reading,
  page: Page,
  attributes: Attributes,
  open: OpenBatch,
  joined: Uint8Array,
): AsyncGenerator<SourceBatch> {
  const { row } = attributes;
  const { name, value, withheld } = ATTRIBUTE;
  const { batch } = open;
  /** The session whose attributes are being added, and of how many bytes they are. */
  let [owner, bytes] = [ORPHAN, 0];
  const complete = (): void => {
    if (owner === ORPHAN) return;
    open.complete(page.fill(owner, batch) + bytes);
    joined[owner] = 1;
  };

  for (;;) {
    if (!attributes.next()) {
      if (await attributes.more()) continue;
      break;
    }
    const next = page.isLarge(attributes.owner) ? ORPHAN : attributes.owner;
    if (next !== owner) {
      complete();
      if (open.isFull) {
        yield* open.take();
        attributes.forgetBefore();
      }
      if (joined[next] === 1)
        throw new Error("the attributes of a session do not follow each other");
      [owner, bytes] = [next, 0];
    }
    if (owner !== ORPHAN) {
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
  }
  complete();
}
