import type { RunSummary } from "../../src/view-model.js";
import { count, percent } from "../figures.js";
import { Moment } from "../moment.js";
import { Panel } from "../panel.js";
import { PhaseBadge } from "./phase-badge.js";

export function RunList({ runs, shown }: { runs: readonly RunSummary[]; shown: string }) {
  return (
    <Panel name="runs" title="Runs" note={count(runs.length)}>
      <div class="scrolls" tabIndex={0} role="region" aria-label="Runs, a table">
        <table class="list">
          <thead>
            <tr>
              <th scope="col">run</th>
              <th scope="col">phase</th>
              <th scope="col" class="number">
                done
              </th>
              <th scope="col" class="number">
                sessions
              </th>
              <th scope="col">started</th>
            </tr>
          </thead>
          <tbody>
            {runs.map(({ run, phase, sessions, startedAt }) => (
              <tr key={run} class={run === shown ? "shown" : ""}>
                <th scope="row">
                  <a
                    class="run-id"
                    href={`#/runs/${run}`}
                    aria-current={run === shown ? "true" : undefined}
                  >
                    {run}
                  </a>
                </th>
                <td>
                  <PhaseBadge phase={phase} />
                </td>
                <td class="number">{percent(sessions.read, sessions.planned)}</td>
                <td class="number">{count(sessions.planned)}</td>
                <td>
                  <Moment at={startedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
