/** How a target is known again: by its server process and by where it is. */
export interface TargetPlace {
  /** Redis's `run_id`; empty where INFO is not allowed. */
  readonly runId: string;
  /** `host:port/db` */
  readonly address: string;
}

/** The same database of the same server: at the same address, or, under another name, in the same process. */
export function isSameTarget(here: TargetPlace, there: TargetPlace): boolean {
  if (here.address === there.address) return true;
  const sameServer = here.runId !== "" && here.runId === there.runId;
  return sameServer && databaseOf(here.address) === databaseOf(there.address);
}

function databaseOf(address: string): string {
  return address.slice(address.lastIndexOf("/"));
}
