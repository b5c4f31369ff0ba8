import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SamplesPicture, Status } from "../../src/picture.js";
import { count } from "../figures.js";
import { Panel } from "../panel.js";
import { makePlot, type Plot } from "./plot.js";
import { type Rates, ratesOf } from "./rates.js";

const QUARTER_HOUR_MS = 15 * 60_000;
const STANDSTILL_MS = 6_000;

/** Sessions a second, over the last 15 minutes or the whole run. */
export function RateChart({ samples, status }: { samples: SamplesPicture | null; status: Status }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const [whole, setWhole] = useState(false);
  const rates = useMemo(() => chosenRates(samples, status, whole), [samples, status, whole]);

  useEffect(() => {
    if (place.current === null) return;
    const made = makePlot(place.current);
    plot.current = made;
    return () => made.close();
  }, []);
  useEffect(() => plot.current?.show(rates), [rates]);

  const peak = Math.max(0, ...rates.values);
  return (
    <Panel
      name="rate"
      title="Sessions per second"
      note={
        <div class="switch" role="group" aria-label="Span of time">
          <button type="button" aria-pressed={!whole} onClick={() => setWhole(false)}>
            15 min
          </button>
          <button type="button" aria-pressed={whole} onClick={() => setWhole(true)}>
            whole run
          </button>
        </div>
      }
    >
      <div
        class="plot"
        ref={place}
        role="img"
        aria-label={`Sessions per second: ${count(rates.values.at(-1) ?? 0)} at last, ${count(peak)} at most`}
      />
      <p class="hint">
        At most {count(peak)} a second {whole ? "over the whole run" : "in the last 15 minutes"}.
      </p>
    </Panel>
  );
}

/** Between two samples nothing is known yet; but a run that has stood still for long enough does. */
function endOf(last: number): number {
  const now = Date.now();
  return now - last > STANDSTILL_MS ? now : last;
}

/** A run that has ended is shown up to its end. */
function chosenRates(samples: SamplesPicture | null, status: Status, whole: boolean): Rates {
  const start = Date.parse(status.startedAt);
  const last = (whole ? samples?.whole : samples?.recent)?.at(-1)?.[0] ?? start;
  const end = status.finishedAt === null ? endOf(last) : Date.parse(status.finishedAt);
  const from = whole ? start : Math.max(start, end - QUARTER_HOUR_MS);
  const chosen = (whole ? samples?.whole : samples?.recent) ?? [];
  return ratesOf([[start, 0], ...chosen.filter(([at]) => at > start)], from, end);
}
