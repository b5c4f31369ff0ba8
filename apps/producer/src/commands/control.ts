import {
  cancelRun,
  pauseRun,
  type QueueConnection,
  readRun,
  readStatus,
  resolveRun,
  resumeRun,
  retryRun,
} from "@rehome/queue";
import { RehomeError, type RunId } from "@rehome/core";
import { openSource } from "@rehome/source";
import { urls } from "../config.js";
import { withQueue } from "../connections.js";
import { exitCodeOf } from "../exit-code.js";
import { formatStatus } from "../format.js";
import { onInterrupt } from "../interrupt.js";
import { note, print, printJson } from "../output.js";
import { planRun } from "../plan-run.js";
import { watchRun } from "../watch-run.js";

export interface ControlOptions {
  readonly json?: boolean;
  readonly wait?: boolean;
}

type Verb = (named: string | undefined, options: ControlOptions) => Promise<number>;

/** No new batch starts on any worker. */
export const pause: Verb = (named, options) =>
  withRun(named, async (queue, run) => {
    await pauseRun(queue, run);
    return await report(queue, run, options);
  });

/** Goes on with the run, and with its plan where that was interrupted. */
export const resume: Verb = (named, options) =>
  withRun(named, async (queue, run) => {
    await resumeRun(queue, run);
    await finishPlan(queue, run);
    return await report(queue, run, options);
  });

/** Ends the run; what was written stays. */
export const cancel: Verb = (named, options) =>
  withRun(named, async (queue, run) => {
    const held = await cancelRun(queue, run);
    if (held > 0) note(`warning: a worker that does not answer still holds ${held} of its jobs`);
    return await report(queue, run, options);
  });

/** Tries again what was rejected or failed. With `--wait` it stays until the run has ended again. */
export const retry: Verb = (named, options) =>
  withRun(named, async (queue, run) => {
    const chunks = await retryRun(queue, run);
    note(chunks === 0 ? `run ${run} has nothing to retry` : `retrying in ${chunks} chunks`);
    await finishPlan(queue, run);
    if (!options.wait) return await report(queue, run, options);
    const interrupt = onInterrupt(() => note(`watch it with: rehome status ${run} --watch`));
    const status = await watchRun(queue, run, interrupt.signal);
    interrupt.dispose();
    await report(queue, run, options);
    return interrupt.signal.aborted ? 130 : exitCodeOf(status);
  });

async function withRun(
  named: string | undefined,
  work: (queue: QueueConnection, run: RunId) => Promise<number>,
): Promise<number> {
  return await withQueue(async (queue) => await work(queue, await resolveRun(queue, named)));
}

/** Opens the source only where the plan is incomplete. */
async function finishPlan(queue: QueueConnection, id: RunId): Promise<void> {
  const run = await readRun(queue, id);
  if (run.planComplete || run.phase !== "planning") return;
  const source = openSource(urls.source());
  try {
    if ((await source.identify(run.store)) !== run.source) {
      throw new RehomeError("other-source", `run ${id} was planned on another source`, {
        hint: "Check SOURCE_URL",
      });
    }
    await planRun({ sessions: source.sessions(run.store, run.order), queue }, run);
  } finally {
    await source.close();
  }
}

async function report(
  queue: QueueConnection,
  run: RunId,
  { json }: ControlOptions,
): Promise<number> {
  const status = await readStatus(queue, run);
  if (json) printJson(status);
  else print(formatStatus(status));
  return 0;
}
