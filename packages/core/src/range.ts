import type { SessionId } from "./session.js";

/** A stretch of the session-id order, `(after, upTo]`; null where it has no bound. The order is the source's own. */
export interface Range {
  readonly after: SessionId | null;
  readonly upTo: SessionId | null;
}

/** A range plus its number in a run, from 0: the unit of work, of retry and of the ledger. */
export interface Chunk extends Range {
  readonly number: number;
}

/** Large enough that what a chunk costs beside its sessions is nothing, small enough that one is copied within a second. */
export const DEFAULT_CHUNK_SIZE = 20_000;
export const MAX_CHUNK_SIZE = 1_000_000;

/**
 * A chunk that is interrupted begins again from its first session, and its progress shows when it ends. At a low rate it
 * must not take long.
 */
export const LONGEST_CHUNK_SECONDS = 30;

/** The chunk size for a run of at most so many sessions a second; null: as many as there may be. */
export function chunkSizeAt(maxRate: number | null, chunkSize: number): number {
  return maxRate === null ? chunkSize : Math.min(chunkSize, maxRate * LONGEST_CHUNK_SECONDS);
}
