/** How a target is known again: by its server process and by where it is. */
export interface TargetPlace {
  /** Redis's `run_id`; empty where INFO is not allowed. */
  readonly runId: string;
  /** `host:port/db` */
  readonly address: string;
}

/** The same database of the same server process, whatever the address by which each is reached. */
export function isSameServer(here: TargetPlace, there: TargetPlace): boolean {
  const sameProcess = here.runId !== "" && here.runId === there.runId;
  return sameProcess && databaseOf(here.address) === databaseOf(there.address);
}

/**
 * The same by all that can be told from a picture: a server that was restarted has another `runId` and the same
 * address. An address may lead elsewhere on another machine, so nothing may be decided by this.
 */
export function isSameTarget(here: TargetPlace, there: TargetPlace): boolean {
  return here.address === there.address || isSameServer(here, there);
}

function databaseOf(address: string): string {
  return address.slice(address.lastIndexOf("/"));
}
