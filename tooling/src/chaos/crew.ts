import { setTimeout as sleep } from "node:timers/promises";
import type { House } from "../e2e/house.js";
import type { Random } from "../e2e/random.js";
import type { Environment, Program } from "../programs.js";

/** The long-running programs of a migration; one that ended is started again, as a supervisor would. */
export interface Crew {
  /** One that runs, or null while there is none. */
  pickWorker(random: Random): Program | null;
  dashboard(): Program | null;
  /**
   * One more, that will send itself a signal; null if the servers do not let it start. Nobody starts it
   * again.
   */
  hire(environment: Environment): Promise<Program | null>;
  /** Leaves the programs that run, and starts no other. */
  dismiss(): Promise<void>;
}

const LOOK_MS = 200;
const ARGS = ["--source-silence", "5000"];

export function gatherCrew(house: House, workers: number): Crew {
  const posts: (() => Promise<Program>)[] = [
    () => house.startDashboard(),
    ...Array.from({ length: workers }, () => () => house.startWorker({ args: ARGS })),
  ];
  const running: (Program | null)[] = posts.map(() => null);
  let going = true;

  async function man(post: number): Promise<void> {
    while (going) {
      // A program that cannot reach its servers when it starts ends at once.
      const program = await posts[post]?.().catch(() => null);
      running[post] = program ?? null;
      while (going && program !== undefined && program !== null) {
        if ((await program.ended(LOOK_MS)) !== undefined) break;
      }
      if (going) running[post] = null;
      await sleep(LOOK_MS);
    }
  }
  const manned = posts.map((_, post) => man(post));
  const alive = () => running.slice(1).filter((program) => program !== null);
  return {
    pickWorker: (random) => (alive().length === 0 ? null : random.pick(alive())),
    dashboard: () => running[0] ?? null,
    hire: (environment) => house.startWorker({ args: ARGS, environment }).catch(() => null),
    dismiss: async () => {
      going = false;
      await Promise.all(manned);
    },
  };
}
