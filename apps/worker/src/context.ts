import type { RunId } from "@rehome/core";
import type { AttemptStats, JobKind, QueueConnection } from "@rehome/queue";
import type { Source } from "@rehome/source";
import type { Target } from "@rehome/target";
import type { Logger } from "pino";

/** What a chunk is copied with. */
export interface Context {
  readonly queue: QueueConnection;
  readonly source: Source;
  readonly target: Target;
  readonly log: Logger;
  /** The runs whose marker this worker has seen in its target: of those alone it can say that it is gone. */
  readonly markersSeen: Set<RunId>;
  /** The runs under whose prefix the target lets this worker read and write. */
  readonly rightsTried: Set<RunId>;
  /** Told of each batch, for what the worker says of itself. */
  readonly onBatch?: (sessions: number) => void;
}

/** A chunk that this worker holds. */
export interface Task {
  readonly kind: JobKind;
  readonly run: RunId;
  readonly chunk: number;
  /** Tells this attempt from every other one at the same chunk. */
  readonly attempt: string;
  /** The run's when this attempt read it, null before that: what a retry has overtaken is not recorded. */
  generation: number | null;
  /** What the chunk took so far. */
  attemptStats(): AttemptStats;
  /** Aborted when the worker must stop or no longer holds the job. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** What a worker is given; the rest it finds out. */
export type WorkerParts = Omit<Context, "markersSeen" | "rightsTried">;
