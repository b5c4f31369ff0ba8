import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { failAt } from "../e2e/failpoint.js";
import type { Program } from "../programs.js";
import type { Fault, Scene } from "./scene.js";

const CHUNK_STEPS = [
  "read-run",
  "read-chunk",
  "check-servers",
  "note-write-way",
  "read-clock",
  "extract",
  "admit",
  "load",
  "stage",
  "check-target",
  "record",
  "finalize",
];
/** Where another worker may have done the same meanwhile. */
const LATE_STEPS = ["load", "stage", "check-target", "record", "finalize"];
const PLAN_STEPS = [
  "preflight",
  "choose-order",
  "place-marker",
  "create-run",
  "read-plan-end",
  "plan-bounds",
  "record-bounds",
  "enqueue",
  "count-rest",
  "close-plan",
  "finalize",
];

/** Longer than the two seconds that a lock lasts here. */
const STOPPED_MS = [2_500, 5_000] as const;
const REACH_MS = 8_000;

function pickPoint({ random }: Scene, steps: readonly string[]): string {
  return `${random.pick(["before", "after"])}:${random.pick(steps)}`;
}

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: "a worker is killed",
    weight: 8,
    strike: async (scene) => {
      const worker = scene.crew.pickWorker(scene.random);
      if (worker !== null) await kill(worker, () => (scene.tally.workerKills += 1));
    },
  },
  {
    name: "a worker is killed at a step",
    weight: 6,
    strike: async (scene) => {
      const point = pickPoint(scene, CHUNK_STEPS);
      const worker = await scene.crew.hire(failAt(point, "SIGKILL", scene.random.between(1, 4)));
      if (worker === null) return;
      // It may be that it never comes by.
      if ((await worker.ended(REACH_MS)) !== undefined) scene.tally.workerKills += 1;
      else await kill(worker, () => (scene.tally.workerKills += 1));
    },
  },
  {
    name: "a worker is stopped for longer than its lock",
    weight: 2,
    strike: async (scene) => {
      const worker = scene.crew.pickWorker(scene.random);
      if (worker === null) return;
      worker.signal("SIGSTOP");
      scene.tally.stops += 1;
      await sleep(scene.random.between(...STOPPED_MS));
      worker.signal("SIGCONT");
    },
  },
  {
    name: "a worker is stopped at a step for longer than its lock",
    weight: 2,
    strike: async (scene) => {
      const worker = await scene.crew.hire(failAt(pickPoint(scene, LATE_STEPS), "SIGSTOP"));
      if (worker === null) return;
      for (let waited = 0; waited < REACH_MS && !(await isStopped(worker)); waited += 100)
        await sleep(100);
      scene.tally.stops += 1;
      await sleep(scene.random.between(...STOPPED_MS));
      worker.signal("SIGCONT");
      await sleep(1_000);
      await kill(worker, () => (scene.tally.workerKills += 1));
    },
  },
  {
    name: "the next planner is killed at a step",
    weight: 4,
    strike: async (scene) => {
      const { operating, tally, house } = scene;
      operating.doom(failAt(pickPoint(scene, PLAN_STEPS), "SIGKILL"), () => {
        tally.plannerKills += 1;
      });
      // It is the next one to start; now and then what is under way makes room for it.
      if (scene.random.chance(0.3)) await house.rehome(["cancel"]);
    },
  },
  {
    name: "the dashboard is killed",
    weight: 1,
    strike: async (scene) => {
      const dashboard = scene.crew.dashboard();
      if (dashboard !== null) await kill(dashboard, () => (scene.tally.dashboardKills += 1));
    },
  },
  {
    name: "the run is paused for a moment",
    weight: 1,
    strike: async (scene) => {
      await scene.house.rehome(["pause"]);
      scene.tally.conditions += 1;
    },
  },
];

async function kill(program: Program, onKilled: () => void): Promise<void> {
  if ((await program.ended(0)) !== undefined) return;
  program.signal("SIGKILL");
  if ((await program.ended(5_000)) !== undefined) onKilled();
}

async function isStopped({ pid }: Program): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}
