import type { RunView, WorkerRecord } from "../../src/view-model.js";
import { count, many } from "../figures.js";
import { Moment } from "../moment.js";
import { Panel } from "../panel.js";

export function Workers({ workers, run }: { workers: readonly WorkerRecord[]; run: RunView }) {
  const here = workers.filter(({ gone, stopped }) => !gone && !stopped).length;
  const gone = workers.filter((worker) => worker.gone).length;
  const note = `${count(here)} here${gone === 0 ? "" : `, ${count(gone)} gone`}`;
  return (
    <Panel name="workers" title="Workers" note={note}>
      {workers.length === 0 ? (
        <p class="empty">
          No worker has been here in the last quarter of an hour. Start one:{" "}
          <code>rehome-worker</code>
        </p>
      ) : (
        <div class="scrolls" tabIndex={0} role="region" aria-label="Workers, a table">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">host</th>
                <th scope="col" class="number">
                  pid
                </th>
                <th scope="col">state</th>
                <th scope="col">chunk in hand</th>
                <th scope="col" class="number">
                  sessions/s
                </th>
                <th scope="col">last seen</th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <Worker key={worker.name} worker={worker} run={run.status.run} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Worker({ worker, run }: { worker: WorkerRecord; run: string }) {
  const state = worker.gone
    ? "gone"
    : worker.stopped
      ? "stopped"
      : worker.inHand.length > 0
        ? "working"
        : "idle";
  const away = worker.gone || worker.stopped;
  const chunks = worker.inHand.map(
    ({ run: of, kind, chunk }) =>
      `${kind === "verify" ? "verifying " : ""}${chunk}${of === run ? "" : " of another run"}`,
  );
  return (
    <tr class={`worker worker-${state}`}>
      <th scope="row">{worker.host}</th>
      <td class="number">{worker.pid}</td>
      <td>
        <span class={`state state-${state}`}>{state}</span>
      </td>
      <td>{chunks.length === 0 ? "–" : `${worker.gone ? "had " : ""}${chunks.join(", ")}`}</td>
      <td class="number">{away ? "–" : count(worker.sessionsPerSecond)}</td>
      <td>
        <Moment at={worker.seenAt} />
        <span class="unseen">, {many(worker.sessions, "session")} in all</span>
      </td>
    </tr>
  );
}
