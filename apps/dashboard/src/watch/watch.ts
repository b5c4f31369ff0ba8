import { isActive, RehomeError, type RunId } from "@rehome/core";
import { listActions, listRunSummaries, listWorkers, type QueueConnection } from "@rehome/queue";
import type { Logger } from "pino";
import { within } from "../deadline.js";
import type { Overview } from "../view-model.js";
import { makeRunWatch, type RunWatch } from "./run-watch.js";
import type { GaugeReading } from "./target-gauge.js";

const EVERY_MS = 1_000;
/** A queue Redis that takes longer does not answer, as far as someone who watches is concerned. */
const PATIENCE_MS = 5_000;
const RUNS_SHOWN = 50;
const ACTIONS_SHOWN = 30;
/** Runs kept in memory, the latest looked at. */
const WATCHES_KEPT = 8;

/** Someone who is told after each look. */
export interface Watcher {
  /** null: the newest. */
  readonly run: RunId | null;
  onLook(): void;
}

/**
 * Looks at the queue Redis once a second while anyone watches, for all of them together: at what is of no single
 * run, at the active run, and at one other run that someone watches, in turns. What that costs does
 * not depend on how many watch.
 */
export interface Watch {
  add(watcher: Watcher): () => void;
  /** As of the latest look that succeeded. */
  overview(): Overview | null;
  /** The run, or the newest; null before it was looked at, and when there is none. */
  of(run: RunId | null): RunWatch | null;
  /** Why the latest look failed; null if it did not. */
  trouble(): string | null;
  /** Looks now, unless the latest look is recent enough. Rejects with why it failed. */
  lookNow(): Promise<void>;
  close(): void;
}

export function makeWatch(
  queue: QueueConnection,
  readGauge: () => Promise<GaugeReading>,
  log: Logger,
  patienceMs = PATIENCE_MS,
): Watch {
  const watchers = new Set<Watcher>();
  const watches = new Map<RunId, RunWatch>();
  let overview: Overview | null = null;
  let failure: unknown = null;
  let lookedAt = -Infinity;
  let looking: Promise<void> | null = null;
  let unfinished: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let turn = 0;
  let closed = false;

  async function look(): Promise<void> {
    const [runs, workers, actions, gauge] = await Promise.all([
      listRunSummaries(queue, RUNS_SHOWN),
      listWorkers(queue),
      listActions(queue, ACTIONS_SHOWN),
      readGauge(),
    ]);
    const memory =
      "unknown" in gauge ? gauge : { usedBytes: gauge.usedBytes, maxBytes: gauge.maxBytes };
    overview = { runs, workers, actions, memory };
    const [newest] = runs;
    const current = runs.find(({ phase }) => isActive(phase)) ?? newest;
    const known = new Set(runs.map(({ run }) => run));
    const others = [...new Set([...watchers].map(({ run }) => run ?? newest?.run))].filter(
      (run): run is RunId => run !== undefined && run !== current?.run && known.has(run),
    );
    turn += 1;
    const other = others[turn % Math.max(1, others.length)];
    for (const run of new Set([current?.run, other])) {
      if (run !== undefined) await watchOf(run).look(queue, workers, gauge);
    }
    for (const run of watches.keys()) if (!known.has(run)) watches.delete(run);
  }

  function watchOf(run: RunId): RunWatch {
    const watch = watches.get(run) ?? makeRunWatch(run);
    watches.delete(run);
    watches.set(run, watch);
    for (const old of watches.keys()) {
      if (watches.size <= WATCHES_KEPT) break;
      watches.delete(old);
    }
    return watch;
  }

  async function lookOnce(): Promise<void> {
    try {
      // One that hangs is not joined by others: they would all hang, and pile up.
      unfinished ??= look().finally(() => {
        unfinished = null;
      });
      await within(patienceMs, unfinished);
      failure = null;
    } catch (error) {
      note(error);
    }
    lookedAt = performance.now();
    for (const watcher of watchers) watcher.onLook();
  }

  function note(error: unknown): void {
    // Forgotten between two commands: the next look does not see it any more.
    if (error instanceof RehomeError && error.code === "unknown-run") return;
    // Once, and not every second.
    if (!(error instanceof RehomeError) && failure === null)
      log.error({ err: error }, "looking at the queue");
    failure = error;
  }

  function lookNow(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = null;
    });
    return looking;
  }

  function schedule(): void {
    clearTimeout(timer);
    timer = undefined;
    if (closed || watchers.size === 0) return;
    timer = setTimeout(() => void lookNow().finally(schedule), EVERY_MS);
  }

  return {
    add: (watcher) => {
      watchers.add(watcher);
      // Whoever comes while others watch is told at once what is known, and costs the queue Redis nothing.
      if (timer === undefined) void lookNow().finally(schedule);
      else setImmediate(() => watcher.onLook());
      return () => {
        watchers.delete(watcher);
      };
    },
    overview: () => overview,
    of: (run) => watches.get(run ?? (overview?.runs[0]?.run as RunId)) ?? null,
    trouble: () => (failure === null ? null : describe(failure)),
    lookNow: async () => {
      if (performance.now() - lookedAt > EVERY_MS) await lookNow();
      if (failure !== null) throw failure;
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function describe(error: unknown): string {
  return error instanceof RehomeError ? error.message : "unexpected error";
}
