import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import {
  isActive,
  isSameServer,
  messageWithHint,
  type Phase,
  RehomeError,
  targetLayoutOf,
} from "@rehome/core";
import { admitBatch, readRateLimit, type Run, setWaiting, stopRun } from "@rehome/queue";
import type { Context, Task } from "./context.js";
import { RetryLater, RunEnded } from "./interruption.js";

/** How soon a chunk that may not be copied now is tried again. */
const PAUSED_DELAY_MS = 2_000;
const LOOK_AGAIN_MS = 500;
const OTHER_SERVER_DELAY_MS = 5_000;
const AWAY_DELAY_MS = 1_000;
/** Keep a worker that finds a server away, or is none of the run's, from rushing through all the chunks that wait. */
const AWAY_REST_MS = 500;
const OTHER_SERVER_REST_MS = 1_000;

/** Before each batch: goes on only while the run does, and as fast as its rate allows. */
export async function admit(context: Context, task: Task, sessions: number): Promise<void> {
  task.signal.throwIfAborted();
  const { phase, waitMs, maxRate } = await admitBatch(context.queue, task.run, sessions);
  admitPhase(phase);
  // However long the wait, no batch starts once the run is paused or has ended.
  for (let left = waitMs; left > 0; left -= LOOK_AGAIN_MS) {
    await sleep(Math.min(left, LOOK_AGAIN_MS), undefined, { signal: task.signal });
    const now = await readRateLimit(context.queue, task.run);
    admitPhase(now.phase);
    // The rate was changed, which cancels the wait at the old one.
    if (now.maxRate !== maxRate) return await admit(context, task, sessions);
  }
  context.onBatch?.(sessions);
}

/** A worker that cannot read the run, or not all of its source, leaves its chunks to those that can. */
export async function leaveToOthers(
  context: Context,
  task: Task,
  error: RehomeError,
): Promise<RetryLater> {
  const reason = `waiting: ${messageWithHint(error)}`;
  task.log.error({ err: error }, "refused");
  await setWaiting(context.queue, task.run, task.kind, reason);
  return new RetryLater(reason, OTHER_SERVER_DELAY_MS, OTHER_SERVER_REST_MS);
}

/**
 * Source or target refuses this worker's login, or refuses it a right. That says nothing of the chunk: other workers may
 * be allowed, and where none is, the run waits until somebody mends it.
 */
export async function leaveToAllowed(
  context: Context,
  task: Task,
  error: RehomeError,
): Promise<RetryLater> {
  const [side = ""] = error.code.split("-");
  const reason = `a worker on ${hostname()} is refused what the run needs and leaves its chunks to others: ${messageWithHint(error)}; see its ${side.toUpperCase()}_URL`;
  task.log.error({ err: error }, "not allowed");
  await setWaiting(context.queue, task.run, task.kind, reason);
  return new RetryLater(reason, OTHER_SERVER_DELAY_MS, OTHER_SERVER_REST_MS);
}

/** Once a run, before the first chunk: what is missing under the prefix of the sessions shows before one is read. */
export async function tryRights(context: Context, run: Run): Promise<void> {
  if (context.rightsTried.has(run.id)) return;
  await context.target.tryRights(targetLayoutOf(run).keys);
  context.rightsTried.add(run.id);
}

/** `phase` is null once the run is gone. */
export function admitPhase(phase: Phase | null): void {
  if (phase === "paused") throw new RetryLater("the run is paused", PAUSED_DELAY_MS);
  if (phase === null || !isActive(phase)) throw new RunEnded(`the run is ${phase ?? "forgotten"}`);
}

/** A worker connected to another source or target than the run's must not touch it. */
export async function assertSameServers(context: Context, task: Task, run: Run): Promise<void> {
  const [identity, isMarked] = await Promise.all([
    context.source.identify(run.store),
    isTargetMarked(context, run),
  ]);
  if (run.source !== identity) await refuse(context, task, "source", "SOURCE_URL");
  if (!isMarked) await endWithoutMarker(context, task, run);
}

/** The run's marker is still in the target: to be asked again after the last write of a chunk. */
export async function checkTarget(context: Context, task: Task, run: Run): Promise<void> {
  if (!(await isTargetMarked(context, run))) await endWithoutMarker(context, task, run);
}

async function isTargetMarked({ target, markersSeen }: Context, run: Run): Promise<boolean> {
  const isMarked = await target.checkMarker(run.id, run.target.token, run.mapping.keyPrefix);
  if (isMarked) markersSeen.add(run.id);
  return isMarked;
}

/**
 * Where the marker is not, either the target was emptied, which ends the run for every worker, or this worker is
 * connected to another one: a host name may lead elsewhere on another machine.
 */
async function endWithoutMarker(context: Context, task: Task, run: Run): Promise<never> {
  const { target, markersSeen } = context;
  if (!markersSeen.has(run.id) && !isSameServer(await target.identity(), run.target))
    await refuse(context, task, "target", "TARGET_URL");
  if (task.kind === "verify") {
    throw new RehomeError(
      "target-emptied",
      "target: it was emptied after the run, and there is nothing to compare",
      {
        hint: "Start a new run",
      },
    );
  }
  await stopRun(
    context.queue,
    run.id,
    "stopped: the target was emptied after the run had started; start a new run",
  );
  throw new RunEnded("the target was emptied");
}

/**
 * A server is away: nothing is wrong with the chunk, and it waits for as long as it takes, using up no
 * attempt. The run's notice says what it waits for.
 */
export async function waitForServer(
  context: Context,
  task: Task,
  error: RehomeError,
): Promise<RetryLater> {
  const reason = `waiting: ${messageWithHint(error)}`;
  task.log.warn({ err: error }, "waiting for a server");
  // The queue itself may be what is away.
  await setWaiting(context.queue, task.run, task.kind, reason).catch(() => undefined);
  return new RetryLater(reason, AWAY_DELAY_MS, AWAY_REST_MS);
}

async function refuse(
  context: Context,
  task: Task,
  side: string,
  variable: string,
): Promise<never> {
  const emptied = side === "target" ? ", or cancel the run if the target lost its data" : "";
  const reason = `a worker is connected to another ${side} than the run's and refuses its chunks: check its ${variable}${emptied}`;
  task.log.error(reason);
  await setWaiting(context.queue, task.run, task.kind, reason);
  throw new RetryLater(reason, OTHER_SERVER_DELAY_MS, OTHER_SERVER_REST_MS);
}
