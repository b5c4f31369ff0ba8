import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import type { Observation } from "./adaptive-concurrency.js";

/** What a worker saw of itself since it last looked, or since this was made. */
export function makeSelfObservation(
  look: () => { readonly sessions: number; readonly inHand: number },
): () => Observation {
  let before = read();

  function read() {
    return {
      at: performance.now(),
      loop: performance.eventLoopUtilization(),
      machine: processorTimes(),
      sessions: look().sessions,
    };
  }

  return () => {
    const [last, now] = [before, read()];
    before = now;
    const all = now.machine.all - last.machine.all;
    return {
      inHand: look().inHand,
      rate: ((now.sessions - last.sessions) / (now.at - last.at)) * 1_000,
      loop: performance.eventLoopUtilization(now.loop, last.loop).utilization,
      // Not every system tells.
      machine: all > 0 ? (now.machine.busy - last.machine.busy) / all : 0,
      residentBytes: process.memoryUsage.rss(),
    };
  };
}

/** Of all processors, in ms. */
function processorTimes(): { busy: number; all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const { idle, ...others } = times;
    const working = Object.values(others).reduce((sum, one) => sum + one, 0);
    busy += working;
    all += working + idle;
  }
  return { busy, all };
}
