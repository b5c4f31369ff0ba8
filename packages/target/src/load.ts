import type { Connection } from "./connection.js";
import {
  type Batch,
  encodeBatches,
  type LoadEntry,
  type LoadOptions,
  refuseUnwritable,
} from "./encode.js";
import { loadScript } from "./script.js";

/** By the letter with which the script tells them. */
const RESULTS = {
  m: "migrated",
  k: "kept",
  /** Kept, because its `last_activity_at` cannot be compared. */
  i: "incomparable",
  /** The key holds another Redis type, and was left as it is. */
  w: "wrong-type",
  e: "expired",
} as const;

export type LoadResult = (typeof RESULTS)[keyof typeof RESULTS];

/** So many calls are on their way at once: the server never waits for us, nor we hold the whole chunk in its socket. */
const CALLS_IN_FLIGHT = 4;

const script = loadScript("expiry", "load");

/** One result per entry, in order. After an error some of the entries may have been loaded, each as a whole or not at all. */
export async function load(
  connection: Connection,
  entries: readonly LoadEntry[],
  options: LoadOptions,
): Promise<LoadResult[]> {
  refuseUnwritable(entries);
  const batches = encodeBatches(entries, options);
  const results: LoadResult[][] = [];
  let sent = 0;

  async function sendInTurn(): Promise<void> {
    try {
      for (let next = batches.next(); next.done !== true; next = batches.next()) {
        const turn = sent;
        sent += 1;
        results[turn] = await send(connection, next.value);
      }
    } catch (error) {
      batches.return(undefined);
      throw error;
    }
  }

  const turns = await Promise.allSettled(Array.from({ length: CALLS_IN_FLIGHT }, sendInTurn));
  for (const turn of turns) if (turn.status === "rejected") throw turn.reason;
  return results.flat();
}

async function send(connection: Connection, batch: Batch): Promise<LoadResult[]> {
  const letters = await script(connection.call, batch.keys, batch.args);
  if (typeof letters !== "string" || letters.length !== batch.keys.length) {
    throw new Error(`the load script did not answer for each of ${batch.keys.length} sessions`);
  }
  return Array.from(letters, (letter) => {
    if (!Object.hasOwn(RESULTS, letter)) throw new Error(`the load script gave an unknown result`);
    return RESULTS[letter as keyof typeof RESULTS];
  });
}
