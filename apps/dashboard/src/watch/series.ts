import type { RunId, Sample } from "@rehome/core";
import { type QueueConnection, readSamples } from "@rehome/queue";
import type { SamplesView } from "../view-model.js";

const RECENT_SAMPLES = 900;
/** More than can be new since the last look. */
const NEW_SAMPLES = 10;
/** Now and then all are read: the series of the whole run is thinned out while it goes on. */
const ALL_EVERY = 60;

/** The samples of a run's progress; what was read before is not read again. */
export interface Series {
  read(queue: QueueConnection, run: RunId): Promise<void>;
  view(): SamplesView;
}

export function makeSeries(): Series {
  let reads = 0;
  let recent: Sample[] = [];
  let whole: Sample[] = [];
  return {
    read: async (queue, run) => {
      const all = reads % ALL_EVERY === 0;
      const latest = await readSamples(queue, run, all ? 0 : NEW_SAMPLES);
      recent = all ? latest.recent : append(recent, latest.recent).slice(-RECENT_SAMPLES);
      whole = all ? latest.whole : append(whole, latest.whole);
      reads += 1;
    },
    view: () => ({ recent: recent.map(toPair), whole: whole.map(toPair) }),
  };
}

function append(samples: readonly Sample[], latest: readonly Sample[]): Sample[] {
  const last = samples.at(-1)?.at ?? -1;
  return [...samples, ...latest.filter(({ at }) => at > last)];
}

function toPair({ at, read }: Sample): [number, number] {
  return [at, read];
}
