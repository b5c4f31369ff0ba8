import { setTimeout as sleep } from "node:timers/promises";
import { isActive, RehomeError, type RunId, type Status } from "@rehome/core";
import { type QueueConnection, readStatus } from "@rehome/queue";
import { SingleBar } from "cli-progress";
import { terminal } from "./config.js";
import { formatDuration, formatNumber, formatOutcomes, formatStatusLine } from "./format.js";
import { throughOutages } from "./outage.js";
import { isQuiet, note } from "./output.js";

const POLL_MS = 250;
const LINE_EVERY_MS = 5_000;

/**
 * Follows a run while it is being planned, until it ends or `signal` aborts. If planning or following fails, the other
 * ends too. A run that ends before its plan is complete is no failure.
 */
export async function watchPlanned(
  queue: QueueConnection,
  run: RunId,
  plan: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const failure = new AbortController();
  const planned = plan(failure.signal).catch((error: unknown) => {
    if (!(error instanceof RehomeError && error.code === "run-ended")) throw error;
  });
  const watched = watchRun(queue, run, AbortSignal.any([signal, failure.signal]));
  const fail = (error: unknown) => failure.abort(error);
  await Promise.all([planned.catch(fail), watched.catch(fail)]);
  failure.signal.throwIfAborted();
}

/** Follows a run on stderr until it ends or `signal` aborts. Returns the last status. */
export async function watchRun(
  queue: QueueConnection,
  run: RunId,
  signal: AbortSignal,
): Promise<Status> {
  const display = terminal.animated && !isQuiet() ? makeBar() : makeLines();
  try {
    for (;;) {
      const status = await throughOutages(() => readStatus(queue, run), { signal });
      display.show(status);
      if (!isActive(status.phase) || signal.aborted) return status;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    display.end();
  }
}

interface Display {
  show(status: Status): void;
  end(): void;
}

function makeBar(): Display {
  const bar = new SingleBar({
    format:
      "{phase} {bar} {percentage}% · {sessions} sessions · {speed}/s · ETA {left} · {outcomes}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    stream: process.stderr,
  });
  bar.start(1, 0, { phase: "", sessions: "", speed: "", left: "", outcomes: "" });
  return {
    show: (status) => {
      const { planned, read } = status.sessions;
      bar.setTotal(Math.max(planned, 1));
      bar.update(planned === 0 && !isActive(status.phase) ? 1 : Math.min(read, planned), {
        phase: status.phase.padEnd(9),
        sessions: `${formatNumber(read)}/${formatNumber(planned)}`,
        speed: formatNumber(status.sessionsPerSecond),
        left: formatDuration(status.etaSeconds),
        outcomes: formatOutcomes(status),
      });
    },
    end: () => bar.stop(),
  };
}

function makeLines(): Display {
  let shownAt = 0;
  let shown = "";
  return {
    show: (status) => {
      const line = formatStatusLine(status);
      const due = Date.now() - shownAt >= LINE_EVERY_MS || !isActive(status.phase);
      if (!due || line === shown) return;
      [shown, shownAt] = [line, Date.now()];
      note(line);
    },
    end: () => undefined,
  };
}
