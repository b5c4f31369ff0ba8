import { OUTCOMES, type RunView, type Status, type WorkerRecord } from "../../src/view-model.js";
import { count, many, percent, span } from "../figures.js";
import { Moment } from "../moment.js";

/** How far, how fast, when done: legible from across the room. */
export function Progress({ run, workers }: { run: RunView; workers: readonly WorkerRecord[] }) {
  const { status, maxRate } = run;
  const { sessions, sessionsPerSecond, etaSeconds, finishedAt, phase } = status;
  const speed = phase === "paused" ? null : sessionsPerSecond;
  const share = (part: number) => (sessions.planned === 0 ? 0 : (part / sessions.planned) * 100);
  return (
    <section class="progress" aria-label="Progress">
      <dl class="hero">
        <div class="hero-far">
          <dt>done</dt>
          <dd>{percent(sessions.read, sessions.planned)}</dd>
          <dd class="under">
            {count(sessions.read)} of {many(sessions.planned, "session")}
          </dd>
        </div>
        <div>
          <dt>{finishedAt === null ? "speed" : "speed, on average"}</dt>
          <dd>
            {speed === null ? "–" : count(speed)} <small>sessions/s</small>
          </dd>
          <dd class="under">
            {maxRate === null ? "no limit set" : `at most ${count(maxRate)} a second`}
          </dd>
        </div>
        <div>
          <dt>{finishedAt === null ? "time left" : "took"}</dt>
          <Remaining status={status} />
          {finishedAt === null && etaSeconds !== null && (
            <dd class="under">
              done at about <Moment at={Date.now() + etaSeconds * 1_000} />
            </dd>
          )}
        </div>
        <Troubles status={status} workers={workers} />
      </dl>
      <div
        class="bar-of-outcomes"
        role="progressbar"
        aria-label="Sessions read"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(share(sessions.read))}
        aria-valuetext={`${percent(sessions.read, sessions.planned)} of ${many(sessions.planned, "session")}`}
      >
        {OUTCOMES.map((outcome) => (
          <span
            key={outcome}
            class={`part outcome-${outcome}`}
            style={{ width: `${share(sessions[outcome])}%` }}
          />
        ))}
      </div>
    </section>
  );
}

/** Is anything wrong? */
function Troubles({ status, workers }: { status: Status; workers: readonly WorkerRecord[] }) {
  // A worker that is gone matters only while the run is active.
  const gone = status.finishedAt === null ? workers.filter((worker) => worker.gone).length : 0;
  const [worst, ...others] = [
    [status.chunks.failed, "failed chunk"] as const,
    [status.sessions.rejected, "reject"] as const,
    [gone, "worker"] as const,
  ]
    .filter(([number]) => number > 0)
    .map(([number, noun]) => `${many(number, noun)}${noun === "worker" ? " gone" : ""}`);
  return (
    <div class={worst === undefined ? "hero-trouble" : "hero-trouble hero-some"}>
      <dt>trouble</dt>
      <dd>
        <span aria-hidden="true">{worst === undefined ? "✓ " : "⚠ "}</span>
        {worst ?? "none"}
      </dd>
      <dd class="under">
        {worst === undefined ? "nothing failed, nothing rejected" : others.join(", ")}
      </dd>
    </div>
  );
}

function Remaining({ status }: { status: Status }) {
  const { etaSeconds, finishedAt, startedAt, phase } = status;
  if (finishedAt !== null) {
    return <dd>{span((Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000)}</dd>;
  }
  if (etaSeconds === null)
    return <dd>{phase === "paused" ? "paused" : phase === "planning" ? "planning" : "–"}</dd>;
  return <dd>{span(etaSeconds)}</dd>;
}
