import type { Me, Overview, RunView } from "../../src/view-model.js";
import { Moment } from "../moment.js";
import { Controls } from "./controls.js";
import { PhaseBadge } from "./phase-badge.js";

/** Which run this is, what it waits for, and what may be pressed. */
export function RunHead({ me, run, overview }: { me: Me; run: RunView; overview: Overview }) {
  const { status } = run;
  const here = overview.workers.some(({ gone, stopped }) => !gone && !stopped);
  const active = status.finishedAt === null;
  const notices = [
    status.notice,
    active && !here ? "No worker is connected. Start some with: rehome-worker" : null,
    status.phase === "planning"
      ? "The plan is still being made: the number of sessions grows."
      : null,
  ].filter((notice) => notice !== null);
  return (
    <div class="run-head">
      <div class="run-title">
        <h1>
          Run <span class="run-id">{status.run}</span>
        </h1>
        <PhaseBadge phase={status.phase} />
        <p class="run-times">
          started <Moment at={status.startedAt} />
          {status.finishedAt !== null && (
            <>
              , ended <Moment at={status.finishedAt} />
            </>
          )}{" "}
          · policy {run.conflict}
        </p>
      </div>
      <Controls me={me} run={run} />
      {notices.length > 0 && (
        <div class="notices" role="status">
          {notices.map((notice) => (
            <p key={notice}>{notice}</p>
          ))}
        </div>
      )}
    </div>
  );
}
