import type { SamplePair, SamplesView, Status } from "../../src/view-model.js";

/** Unix seconds, and sessions a second until then; of one length. */
export interface Rates {
  readonly times: number[];
  readonly values: number[];
}

const POINTS = 180;
const QUARTER_HOUR_MS = 15 * 60_000;
const STANDSTILL_MS = 6_000;

/** A run's rates over the last 15 minutes or over the `whole` run; up to its end once it has ended. */
export function runRates(
  samples: SamplesView | null,
  status: Pick<Status, "startedAt" | "finishedAt" | "sessions">,
  whole: boolean,
): Rates {
  const start = Date.parse(status.startedAt);
  const chosen = (whole ? samples?.whole : samples?.recent) ?? [];
  const end =
    status.finishedAt === null ? endOf(chosen.at(-1)?.[0] ?? start) : Date.parse(status.finishedAt);
  const from = whole ? start : Math.max(start, end - QUARTER_HOUR_MS);
  // What was read since the last sample, which is at most one a second, is known once the run has ended.
  const last: SamplePair[] = status.finishedAt === null ? [] : [[end, status.sessions.read]];
  const between = chosen.filter(([at]) => at > start && (last.length === 0 || at < end));
  return ratesOf([[start, 0], ...between, ...last], from, end);
}

/** Between two samples nothing is known yet; but a run that has stood still for long enough does. */
function endOf(last: number): number {
  const now = Date.now();
  return now - last > STANDSTILL_MS ? now : last;
}

/**
 * What was read, as rates over even steps: chunks end in bursts, and a step of nothing is a rate of zero. `from`
 * and `to` are Unix ms.
 */
export function ratesOf(samples: readonly SamplePair[], from: number, to: number): Rates {
  const times: number[] = [];
  const values: number[] = [];
  if (to <= from || samples.length === 0) return { times, values };
  const step = Math.max(2_000, (to - from) / POINTS);
  let before = readAt(samples, from);
  for (let at = from; to - at > step / 2; at += step) {
    const end = Math.min(at + step, to);
    const read = readAt(samples, end);
    times.push(end / 1_000);
    values.push((Math.max(0, read - before) / (end - at)) * 1_000);
    before = read;
  }
  // A line has two ends: one step alone would not be seen.
  if (times.length === 1) {
    times.unshift(from / 1_000);
    values.unshift(...values);
  }
  return { times, values };
}

/** Between two samples sessions are held to have been read evenly. */
function readAt(samples: readonly SamplePair[], at: number): number {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.[0] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [samples[low - 1], samples[low]];
  if (before === undefined) return after?.[1] ?? 0;
  if (after === undefined) return before[1];
  const share = (at - before[0]) / (after[0] - before[0]);
  return before[1] + share * (after[1] - before[1]);
}
