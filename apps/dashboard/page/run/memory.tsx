import type { Overview, RunView } from "../../src/view-model.js";
import { bytes, percent } from "../figures.js";
import { Panel } from "../panel.js";

/** The target's memory against its limit, and where the run is taking it. */
export function Memory({ memory, run }: { memory: Overview["memory"]; run: RunView }) {
  return (
    <Panel name="memory" title="Memory of the target">
      {"unknown" in memory ? (
        <p class="empty">Not known: {memory.unknown}.</p>
      ) : memory.usedBytes === null ? (
        <p class="empty">Not known: the target does not allow INFO.</p>
      ) : (
        <Gauge used={memory.usedBytes} max={memory.maxBytes} run={run} />
      )}
    </Panel>
  );
}

function Gauge({ used, max, run }: { used: number; max: number | null; run: RunView }) {
  const { projectedBytes: projected, isItsTarget } = run;
  const scale = max ?? Math.max(used, projected ?? 0) * 1.25;
  const share = (value: number) => `${Math.min(100, (value / scale) * 100)}%`;
  const tooSmall = max !== null && (projected ?? used) > max;
  return (
    <>
      <p class="figure">
        {bytes(used)}{" "}
        <small>
          {max === null ? "used; no maxmemory is set" : `of ${bytes(max)}, ${percent(used, max)}`}
        </small>
      </p>
      <div
        class={tooSmall ? "gauge gauge-small" : "gauge"}
        role="meter"
        aria-label="Memory used"
        aria-valuemin={0}
        aria-valuemax={Math.round(scale)}
        aria-valuenow={used}
        aria-valuetext={`${bytes(used)}${max === null ? "" : ` of ${bytes(max)}`}`}
      >
        {projected !== null && <span class="gauge-projected" style={{ width: share(projected) }} />}
        <span class="gauge-used" style={{ width: share(used) }} />
      </div>
      <p class="hint">
        {isItsTarget === false
          ? "This is not the run's target: check the dashboard's TARGET_URL."
          : projected === null
            ? run.status.finishedAt === null
              ? "No projection: too little was copied so far, or the memory did not grow."
              : "The run has ended: it adds nothing more."
            : `About ${bytes(projected)} at the end, if the rest is like what was copied so far and nothing else grows.`}
      </p>
      {tooSmall && (
        <p class="warning">⚠ That is more than maxmemory: the target will refuse sessions.</p>
      )}
    </>
  );
}
