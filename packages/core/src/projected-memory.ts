/** What the ledger and the target's server tell; bytes, and sessions. */
export interface MemoryFacts {
  /** The target's used memory when the run was started, and now. */
  readonly atStart: number;
  readonly now: number;
  readonly planned: number;
  readonly read: number;
  readonly migrated: number;
}

/** Fewer say nothing: their growth drowns in what else a server allocates. */
const ENOUGH = 1_000;

/**
 * Bytes the target will use when everything planned has been read, if what is left is like what was copied so far,
 * and nothing else in the target grows; null while nothing can be said.
 */
export function projectMemory(facts: MemoryFacts): number | null {
  const { atStart, now, planned, read, migrated } = facts;
  if (read >= planned) return now;
  if (migrated < ENOUGH || now <= atStart) return null;
  const bytesPerRead = (now - atStart) / read;
  return Math.round(now + bytesPerRead * (planned - read));
}
