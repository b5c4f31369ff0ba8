/** What was done to a migration, counted. */
export interface Tally {
  workerKills: number;
  plannerKills: number;
  dashboardKills: number;
  stops: number;
  queueRestarts: number;
  targetRestarts: number;
  postgresRestarts: number;
  /** Out of memory, a replica, busy, too many connections, lost locks and the like. */
  conditions: number;
  tcpFaults: number;
  tcpFaultsAfterActing: number;
}

export function zeroTally(): Tally {
  return {
    workerKills: 0,
    plannerKills: 0,
    dashboardKills: 0,
    stops: 0,
    queueRestarts: 0,
    targetRestarts: 0,
    postgresRestarts: 0,
    conditions: 0,
    tcpFaults: 0,
    tcpFaultsAfterActing: 0,
  };
}

export function addTally(sum: Tally, more: Tally): void {
  for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += more[name];
}
