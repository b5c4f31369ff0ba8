import type { ReadingOrder } from "./reading-order.js";
import type { SessionId } from "./session.js";

declare const brand: unique symbol;

/** A place in a run's reading order; what it says is the source's matter. It may be a session id, and so a credential. */
export type Bound = string & { readonly [brand]: "Bound" };

/** A stretch of a run's reading order, `(after, upTo]`; null where it has no bound. */
export interface Range {
  readonly after: Bound | null;
  readonly upTo: Bound | null;
}

/** The bound that a session is, in the order of ids. */
export function boundAt(id: SessionId): Bound {
  return id as string as Bound;
}

/** All sessions there are. */
export const WHOLE: Range = { after: null, upTo: null };

/** Large enough that what a chunk costs beside its sessions is little, small enough that one is copied within a second. */
const USUAL_CHUNK_SIZE = 20_000;
/** Of a large table, rows of other tables are looked up the cheaper the more of them there are at once. */
const LARGE_CHUNK_SIZE = 100_000;
/** So many keep a few workers at work to the end. */
const CHUNKS_AT_LEAST = 12;
export const MAX_CHUNK_SIZE = 1_000_000;

/**
 * A chunk that is interrupted begins again from its first session, and its progress shows when it ends. At a low rate it
 * must not take long.
 */
export const LONGEST_CHUNK_SECONDS = 30;

/** The chunk size of a run for which none is given. */
export function usualChunkSize(order: ReadingOrder): number {
  if (order.kind === "id") return USUAL_CHUNK_SIZE;
  const sessions = order.files.reduce((sum, file) => sum + file.sessions, 0);
  const share = Math.ceil(sessions / CHUNKS_AT_LEAST);
  return Math.min(Math.max(share, USUAL_CHUNK_SIZE), LARGE_CHUNK_SIZE);
}

/** The chunk size for a run of at most so many sessions a second; null: as many as there may be. */
export function chunkSizeAt(maxRate: number | null, chunkSize: number): number {
  return maxRate === null ? chunkSize : Math.min(chunkSize, maxRate * LONGEST_CHUNK_SECONDS);
}
