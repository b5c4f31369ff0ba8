import { useEffect } from "preact/hooks";
import type { Me } from "../src/view-model.js";
import { ConnectionBanner } from "./connection-banner.js";
import { NoRun } from "./no-run.js";
import { percent } from "./figures.js";
import { Actions } from "./run/actions.js";
import { Failures } from "./run/failures.js";
import { Memory } from "./run/memory.js";
import { Outcomes } from "./run/outcomes.js";
import { Progress } from "./run/progress.js";
import { Rejects } from "./run/rejects.js";
import { RunHead } from "./run/run-head.js";
import { RunList } from "./run/run-list.js";
import { Verification } from "./run/verification.js";
import { Workers } from "./run/workers.js";
import { ChunkMap } from "./map/chunk-map.js";
import { RateChart } from "./chart/rate-chart.js";
import { useFeed } from "./use-feed.js";

/** The migration at a glance: how far, how fast, when done, is anything wrong, what to press. */
export function Migration(props: { me: Me; run: string | null; onSignedOut: () => void }) {
  const feed = useFeed(props.run, props.onSignedOut);
  const { connection, overview, run } = feed;
  const stale = connection.state === "lost" || connection.state === "trouble";

  useEffect(() => {
    const sessions = run?.status.sessions;
    document.title =
      sessions === undefined
        ? "Rehome"
        : `${percent(sessions.read, sessions.planned)} · ${run?.status.phase} · Rehome`;
  }, [run]);

  return (
    <>
      <ConnectionBanner connection={connection} />
      <div class={stale ? "migration stale" : "migration"} aria-busy={overview === null}>
        {overview?.runs.length === 0 && <NoRun workers={overview.workers} />}
        {run !== null && overview !== null && (
          <>
            <RunHead me={props.me} run={run} overview={overview} />
            <Progress run={run} workers={overview.workers} />
            <div class="panels">
              <RateChart samples={feed.samples} status={run.status} />
              <Outcomes status={run.status} />
              <ChunkMap run={run} letters={feed.letters} />
              <Workers workers={overview.workers} run={run} />
              <Memory memory={overview.memory} run={run} />
              <Rejects run={run} />
              <Failures run={run} />
              <Verification run={run} />
              <Actions actions={overview.actions} />
              <RunList runs={overview.runs} shown={run.status.run} />
            </div>
          </>
        )}
      </div>
    </>
  );
}
