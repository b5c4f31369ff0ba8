import { hostname } from "node:os";
import {
  recordHeartbeat,
  parseJob,
  type Payload,
  type QueueConnection,
  type WorkerReport,
} from "@rehome/queue";
import type { Job } from "bullmq";

const EVERY_MS = 1_000;
/** How many of the latest heartbeats the rate is computed over. */
const WINDOW = 5;
/** A worker that stops does not wait for a queue Redis that is away. */
const FAREWELL_MS = 1_000;

/** Reports once a second what this worker is doing, for status and dashboard. */
export interface Heartbeat {
  begin(): void;
  /** Sends a last heartbeat: the worker stops. Never rejects. */
  end(): Promise<void>;
  /** Counts the sessions of a batch that is being copied. */
  readonly count: (sessions: number) => void;
  /** The job counts as held while `work` lasts. */
  during<T>(job: Job<Payload>, work: () => Promise<T>): Promise<T>;
  inHand(): number;
  /** Sessions since the worker started. */
  copied(): number;
}

/** `concurrency` tells how many chunks the worker may hold now. */
export function makeHeartbeat(
  queue: QueueConnection,
  name: string,
  concurrency: () => number,
): Heartbeat {
  const held = new Set<Job<Payload>>();
  const window: { at: number; sessions: number }[] = [];
  let sessions = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | null = null;

  function report(stopped: boolean): WorkerReport {
    window.push({ at: performance.now(), sessions });
    if (window.length > WINDOW) window.shift();
    const [first, last] = [window[0], window.at(-1)];
    const seconds = ((last?.at ?? 0) - (first?.at ?? 0)) / 1_000;
    const copied = (last?.sessions ?? 0) - (first?.sessions ?? 0);
    return {
      name,
      host: hostname(),
      pid: process.pid,
      concurrency: concurrency(),
      sessionsPerSecond: seconds > 0 ? Math.round(copied / seconds) : 0,
      sessions,
      inHand: [...held].flatMap(chunkOf),
      stopped,
    };
  }

  /** One at a time: while the queue Redis is away, a patient connection would keep them all. */
  function send(stopped: boolean): Promise<void> {
    sending ??= recordHeartbeat(queue, report(stopped))
      .catch(() => undefined)
      .finally(() => {
        sending = null;
      });
    return sending;
  }

  return {
    begin: () => {
      void send(false);
      timer = setInterval(() => void send(false), EVERY_MS);
    },
    end: async () => {
      clearInterval(timer);
      const farewell = (sending ?? Promise.resolve()).then(() => send(true));
      const patience = new Promise<void>((resolve) => setTimeout(resolve, FAREWELL_MS).unref());
      await Promise.race([farewell, patience]);
    },
    count: (copied) => {
      sessions += copied;
    },
    during: async (job, work) => {
      held.add(job);
      return await work().finally(() => held.delete(job));
    },
    inHand: () => held.size,
    copied: () => sessions,
  };
}

/** Empty for a job that someone else has put there. */
function chunkOf(job: Job<Payload>): WorkerReport["inHand"] {
  try {
    const { run, kind, chunk } = parseJob(job);
    return [{ run, kind, chunk }];
  } catch {
    return [];
  }
}
