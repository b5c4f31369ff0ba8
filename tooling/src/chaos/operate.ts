import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { House } from "../e2e/house.js";
import type { Random } from "../e2e/random.js";
import { type Environment, spawnRehome } from "../programs.js";

/** Looks after the migration as an operator would: starts runs, and goes on with those that nobody plans. */
export interface Operating {
  /** Gives the next `rehome start` an environment in which it is killed; told when it was. */
  doom(environment: Environment, onKilled: () => void): void;
  /** Starts no other run, and resolves when none is active any more. */
  finish(): Promise<void>;
  stop(): Promise<void>;
}

const LOOK_MS = 250;

export function operate(house: House, random: Random): Operating {
  let doomed: { environment: Environment; onKilled: () => void } | null = null;
  let starting = true;
  let looking = false;
  let going = true;

  async function look(): Promise<void> {
    const run = await house.queue.get("{rehome}:active");
    if (run === null) {
      if (!starting) return;
      // Slow enough that most of what befalls it meets work half done.
      const rateLimit = ["--max-rate", String(random.between(300, 900))];
      const start = ["start", "--chunk-size", String(random.pick([20, 100, 300])), ...rateLimit];
      const { environment = {}, onKilled = () => {} } = doomed ?? {};
      doomed = null;
      const planner = spawnRehome(start, { ...house.urls, ...environment });
      const [, signal] = await once(planner, "exit");
      if (signal === "SIGKILL") onKilled();
      return;
    }
    const base = `{rehome}:run:${run}`;
    const phase = await house.queue.hget(base, "phase");
    const isPlanned = (await house.queue.exists(`${base}:planner`)) === 1;
    if (phase === "paused" || (phase === "planning" && !isPlanned))
      await house.rehome(["resume", run]);
  }
  async function work(): Promise<void> {
    while (going) {
      looking = true;
      await look().catch(() => undefined);
      looking = false;
      await sleep(LOOK_MS);
    }
  }
  const working = work();
  return {
    doom: (environment, onKilled) => {
      doomed = { environment, onKilled };
    },
    finish: async () => {
      starting = false;
      // A start that is under way may not have become the active run yet.
      while (looking || (await house.queue.get("{rehome}:active")) !== null) await sleep(LOOK_MS);
    },
    stop: async () => {
      going = false;
      await working;
    },
  };
}
