import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SamplesView, Status } from "../../src/view-model.js";
import { count } from "../figures.js";
import { Panel } from "../panel.js";
import { makePlot, type Plot } from "./plot.js";
import { runRates } from "./rates.js";

/** Sessions a second, over the last 15 minutes or the whole run. */
export function RateChart({ samples, status }: { samples: SamplesView | null; status: Status }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const [whole, setWhole] = useState(false);
  const rates = useMemo(() => runRates(samples, status, whole), [samples, status, whole]);

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
