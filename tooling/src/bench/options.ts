import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Condition } from "./condition.js";
import { connectPgSimple } from "./connect-pg-simple/workload.js";
import { reference } from "./reference/workload.js";
import type { Workload } from "./workload.js";

export const WORKLOADS = [reference, connectPgSimple];
const STORES = WORKLOADS.map(({ store }) => store);
const RESULTS = fileURLToPath(new URL("../../bench/RESULTS.md", import.meta.url));

const USAGE = `usage: npm run bench -- [--store STORE] [--sessions N] [--users N] [--rounds N]
                            [--cold | --latency MS[,MS…]] [--results FILE] [--given-servers]

Moves the same sessions by every way, in turns, and prints what each took.

  --store STORE    ${STORES.join(" or ")}; one after the other by default
  --sessions N     1000000 by default
  --users N        200000 by default
  --rounds N       turns of every way, 3 by default
  --cold           PostgreSQL has memory for a third of its tables, and nothing of them in
                   it when a turn begins
  --latency MS     how fast the one-liner, the Go program and Rehome are when every round
                   trip to each server takes MS milliseconds longer, and when none does;
                   several after each other by commas, as in 5,20,50
  --results FILE   where the results are written as well, in place of what it says of the
                   same stores under the same condition; tooling/bench/RESULTS.md by
                   default, and nowhere with given servers
  --given-servers  uses the servers of SOURCE_URL, QUEUE_URL and TARGET_URL, which
                   come from the environment only, instead of starting its own

Given servers must have nothing to lose. Both Redis must be empty; the target is
emptied before every turn, and both at the end, unless it is interrupted. The source
may hold no sessions but those of rehome seed or of an earlier benchmark, which are
replaced and stay. The user of TARGET_URL must be allowed to make another (ACL SETUSER),
which is deleted again. What these servers spend of their processors cannot be read.

--cold limits the memory of PostgreSQL and of the page cache that it fills by a cgroup,
which root may make; for anyone else it is not limited. Either way PostgreSQL is
restarted before every turn and its files are dropped from the page cache, for which it
needs Linux, GNU dd, and TMPDIR on a disk. The first turn of a round shows the floor:
the table of the sessions read from end to end, and thrown away.
`;

export interface Options {
  readonly workloads: readonly Workload[];
  readonly condition: Condition;
  /** Of a round trip, in milliseconds. */
  readonly latencies: readonly number[];
  readonly sessions: number;
  readonly users: number;
  readonly rounds: number;
  /** A file, if they are to be written to one. */
  readonly results: string | null;
  readonly given: boolean;
}

/** Ends the process where there is nothing to do but to say how it is used. */
export function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        store: { type: "string" },
        sessions: { type: "string", default: "1000000" },
        users: { type: "string", default: "200000" },
        rounds: { type: "string", default: "3" },
        cold: { type: "boolean", default: false },
        latency: { type: "string" },
        results: { type: "string" },
        "given-servers": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    const given = values["given-servers"];
    const workloads = WORKLOADS.filter(({ store }) => store === (values.store ?? store));
    if (workloads.length === 0) throw new Error(`unknown store (there are: ${STORES.join(", ")})`);
    const latencies = readLatencies(values.latency);
    const condition = values.cold ? "cold" : latencies.length > 0 ? "latency" : "warm";
    if (values.cold && latencies.length > 0)
      throw new Error("--cold and --latency are measured one after the other");
    if (condition !== "warm" && given)
      throw new Error(`--${condition} needs servers that the benchmark starts`);
    return {
      workloads,
      condition,
      latencies,
      sessions: Number(values.sessions),
      users: Number(values.users),
      rounds: Number(values.rounds),
      results: values.results ?? (given ? null : RESULTS),
      given,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function readLatencies(text: string | undefined): number[] {
  if (text === undefined) return [];
  const latencies = text.split(",").map(Number);
  if (latencies.every((ms) => ms > 0 && Number.isFinite(ms))) return latencies;
  throw new Error("--latency takes milliseconds, such as 5 or 5,20,50");
}
