import { monitorEventLoopDelay } from "node:perf_hooks";
import {
  describeQueueFailure,
  KEY_PREFIX,
  listRuns,
  type Payload,
  requeueLost,
  QUEUE_NAME,
} from "@rehome/queue";
import { Worker } from "bullmq";
import type { Logger } from "pino";
import { AdaptiveConcurrency } from "./adaptive-concurrency.js";
import type { Config } from "./config.js";
import { type Heartbeat, makeHeartbeat } from "./heartbeat.js";
import type { WorkerParts } from "./context.js";
import { serveHealth } from "./health.js";
import { makeProcessor } from "./processor.js";
import { makeSelfObservation } from "./self-observation.js";

/** How often workers may die while they hold a chunk before the chunk is held to be the cause. */
const MAX_STALLED = 25;

/** How long chunks have to give up once the deadline of a stop has passed. */
const GIVE_UP_MS = 5_000;

/** How often a worker looks whether it should hold more chunks. */
const OBSERVE_MS = 1_000;

/** Takes jobs until SIGTERM or SIGINT, then finishes the ones it holds. */
export async function runWorker(context: WorkerParts, config: Config): Promise<void> {
  const { queue, log } = context;
  const adaptive = config.concurrency === "auto" ? new AdaptiveConcurrency() : null;
  const concurrency = (): number => adaptive?.chunks ?? Number(config.concurrency);
  const heartbeat = makeHeartbeat(queue, config.name, concurrency);
  const processJob = makeProcessor({ ...context, onBatch: heartbeat.count });
  // Before jobs are taken: a port that is in use ends this process.
  const health =
    config.healthPort === null
      ? null
      : await serveHealth(config.healthPort, () => queue.client.status === "ready");
  const worker = new Worker<Payload>(
    QUEUE_NAME,
    (job, token, signal) => heartbeat.during(job, () => processJob(job, token, signal)),
    {
      connection: queue.client,
      prefix: KEY_PREFIX,
      name: config.name,
      concurrency: concurrency(),
      lockDuration: config.lockMs,
      stalledInterval: config.stalledMs,
      maxStalledCount: MAX_STALLED,
    },
  );
  worker.on("error", (error) => log.warn({ err: describeQueueFailure(error) }, "worker"));
  // BullMQ does not stop a processor that lost its job; another worker has it by then.
  worker.on("lockRenewalFailed", (jobs) => {
    for (const job of jobs) worker.cancelJob(job, "lock lost");
  });

  let looking: Promise<void> | null = null;
  const lookForLost = setInterval(() => {
    if (heartbeat.inHand() > 0) return;
    // During an outage a single look waits; no more are started.
    looking ??= findLost(context)
      .catch((error: unknown) => log.warn({ err: error }, "looking for lost chunks"))
      .finally(() => {
        looking = null;
      });
  }, config.stalledMs);
  const adapting = adaptive && adapt(adaptive, worker, heartbeat, log);
  // An event loop that is blocked for as long as a job's lock lasts loses the job to another worker.
  const holds = monitorEventLoopDelay({ resolution: 10 });
  holds.enable();
  heartbeat.begin();
  log.info({ concurrency: config.concurrency }, "worker ready");
  const signal = await untilToldToStop();
  log.info({ signal, inHand: heartbeat.inHand() }, "worker stopping");
  clearInterval(lookForLost);
  clearInterval(adapting ?? undefined);
  health?.close();
  await stop(worker, config.stopTimeoutMs);
  await heartbeat.end();
  log.info({ longestHoldMs: Math.round(holds.max / 1e6) }, "worker stopped");
}

/** Has the worker hold as many chunks as it is found to need. */
function adapt(
  adaptive: AdaptiveConcurrency,
  worker: Worker<Payload>,
  heartbeat: Heartbeat,
  log: Logger,
): NodeJS.Timeout {
  const observe = makeSelfObservation(() => ({
    sessions: heartbeat.copied(),
    inHand: heartbeat.inHand(),
  }));
  return setInterval(() => {
    const seen = observe();
    adaptive.observe(seen);
    const { chunks } = adaptive;
    if (chunks === worker.concurrency) return;
    log.info({ concurrency: chunks, before: worker.concurrency, ...seen }, "concurrency");
    worker.concurrency = chunks;
  }, OBSERVE_MS);
}

async function findLost({ queue, log }: WorkerParts): Promise<void> {
  const lost = await requeueLost(queue, await listRuns(queue));
  if (lost > 0) log.warn({ lost }, "requeued lost chunks");
}

function untilToldToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      // The second one does not wait.
      process.once(name, () => {
        process.once(name, () => process.exit(130));
        resolve(name);
      });
    }
  });
}

/** Waits until the deadline for the chunks that are held, then gives them back. */
async function stop(worker: Worker<Payload>, deadlineMs: number): Promise<void> {
  const giveBack = setTimeout(() => worker.cancelAllJobs("stopping"), deadlineMs);
  const giveUp = setTimeout(() => process.exit(1), deadlineMs + GIVE_UP_MS);
  await worker.close();
  clearTimeout(giveBack);
  clearTimeout(giveUp);
}
