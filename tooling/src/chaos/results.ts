import { renderTable } from "../markdown-table.js";
import { countWrong, type Outcome } from "./scenario.js";
import { addTally, type Tally, zeroTally } from "./tally.js";

export interface Conditions {
  readonly seed: number;
  readonly minutes: number;
  readonly writers: number;
  readonly workers: number;
}

export function sumTallies(outcomes: readonly Outcome[]): Tally {
  const sum = zeroTally();
  for (const { tally } of outcomes) addTally(sum, tally);
  return sum;
}

/** The page of a long run: what was done to the migration, and what came of it. */
export function renderResults(outcomes: readonly Outcome[], conditions: Conditions): string {
  const sum = sumTallies(outcomes);
  const total = (pick: (outcome: Outcome) => number) =>
    outcomes.reduce((all, outcome) => all + pick(outcome), 0);
  const row = (what: string, figure: number | string) => [
    what,
    typeof figure === "number" ? figure.toLocaleString("en-US") : figure,
  ];
  return `\`npm run chaos -- --minutes ${conditions.minutes} --seed ${conditions.seed}\` wrote this section. ${outcomes.length} scenarios, each with
servers and programs of its own: ${conditions.writers} writers and one application write while ${conditions.workers} workers migrate and
faults strike; then the writers stop, \`rehome start\` runs once more, and an oracle compares source and target.
A scenario is played again with \`npm run chaos -- --minutes 0 --seed SEED\`.

${renderTable([
  ["done to it", "times"],
  row("kill -9 of a worker", sum.workerKills),
  row("kill -9 of a planner", sum.plannerKills),
  row("kill -9 of the dashboard", sum.dashboardKills),
  row("SIGSTOP for longer than a lock, then SIGCONT", sum.stops),
  row("TCP faults", sum.tcpFaults),
  row("of these after the server had acted", sum.tcpFaultsAfterActing),
  row("restarts of the queue Redis", sum.queueRestarts),
  row("restarts of the target Redis", sum.targetRestarts),
  row("restarts of PostgreSQL", sum.postgresRestarts),
  row("other conditions (out of memory, replica, busy, connections, locks, jobs)", sum.conditions),
  row(
    "transactions of the writers meanwhile",
    total(({ transactions }) => transactions),
  ),
  row(
    "runs",
    total(({ runs }) => runs),
  ),
])}

${renderTable([
  ["found", "times"],
  row(
    "sessions compared at the end",
    total(({ findings }) => findings.checked),
  ),
  row(
    "sessions read by the reader meanwhile",
    total(({ seen }) => seen.read),
  ),
  row(
    "lost",
    total(({ findings }) => findings.lost),
  ),
  row(
    "extra",
    total(({ findings }) => findings.extra),
  ),
  row(
    "stale, or overwritten by an older one",
    total(({ findings, seen }) => findings.stale + seen.overwritten),
  ),
  row(
    "immortal",
    total(({ findings, seen }) => findings.immortal + seen.immortal),
  ),
  row(
    "readable in part",
    total(({ seen }) => seen.partial),
  ),
  row(
    "counted twice, stuck, or otherwise wrong",
    total(({ wrong }) => wrong.length),
  ),
])}

${renderTable([
  ["seed", "kills", "TCP faults", "restarts", "compared", "wrong"],
  ...outcomes.map((outcome) => {
    const { seed, tally, findings } = outcome;
    const kills = tally.workerKills + tally.plannerKills + tally.dashboardKills;
    const restarts = tally.queueRestarts + tally.targetRestarts + tally.postgresRestarts;
    const figures = [seed, kills, tally.tcpFaults, restarts, findings.checked];
    return [...figures, countWrong(outcome)].map(String);
  }),
])}
`;
}
