import type {
  Counts,
  OUTCOMES as CORE_OUTCOMES,
  Phase,
  RejectCode,
  RunId,
  Status,
  Verification,
} from "@rehome/core";
import type { Action, RunSummary, ShownReject, WorkerRecord } from "@rehome/queue";

/** The view model: what the server tells the page. Everything in here may be shown to a viewer. */

/** How a chunk is drawn; the letters are what goes over the wire. */
export const CHUNK_STATES = {
  w: "waiting",
  a: "active",
  d: "done",
  r: "done, with rejects",
  t: "to be retried",
  f: "failed",
} as const;
export type ChunkLetter = keyof typeof CHUNK_STATES;

/** Core's, said again because the page cannot load core; the type keeps the two alike. */
export const OUTCOMES = [
  "migrated",
  "kept",
  "expired",
  "rejected",
] as const satisfies typeof CORE_OUTCOMES;

/** What an operator may do to a run. */
export type ControlName =
  | "pause"
  | "resume"
  | "rate"
  | "retry-failed"
  | "retry-rejects"
  | "verify"
  | "cancel";

export interface TargetMemoryView {
  /** Bytes; null where the target does not tell. */
  readonly usedBytes: number | null;
  /** null where there is no limit. */
  readonly maxBytes: number | null;
}

/** Everything that does not belong to a single run. */
export interface Overview {
  readonly runs: readonly RunSummary[];
  readonly workers: readonly WorkerRecord[];
  readonly actions: readonly Action[];
  /** `unknown`: why the target could not be asked. */
  readonly memory: TargetMemoryView | { readonly unknown: string };
}

export interface VerificationView {
  readonly result: Verification;
  /** Why it has no verdict, or what weakens it; null where there is nothing to say. */
  readonly remark: string | null;
  /** Chunks to be compared. */
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** What it waits for, if anything. */
  readonly waiting: string | null;
}

export interface RejectGroup {
  readonly code: RejectCode;
  readonly count: number;
  /** The latest few, as far as they were read. */
  readonly latest: readonly ShownReject[];
}

/** Chunks that failed for the same reason. */
export interface FailureGroup {
  readonly reason: string;
  readonly count: number;
  /** The first few, in order. */
  readonly chunks: readonly number[];
  /** The most attempts that one of them took; null where that is not known. */
  readonly attempts: number | null;
}

export interface RunView {
  readonly status: Status;
  readonly maxRate: number | null;
  readonly chunkSize: number;
  readonly conflict: string;
  /** What the run's phase and plan allow now. */
  readonly allowed: readonly ControlName[];
  readonly verification: VerificationView | null;
  readonly rejects: {
    readonly groups: readonly RejectGroup[];
    /** Rejects that have been looked at; fewer than there are while they are being read. */
    readonly counted: number;
  };
  readonly failures: readonly FailureGroup[];
  /** Bytes the target will use when the run has read everything; null where that cannot be said. */
  readonly projectedBytes: number | null;
  /** Whether the dashboard's TARGET_URL leads to this run's target; null where it has none. */
  readonly isItsTarget: boolean | null;
}

/** Unix ms and sessions read. */
export type SamplePair = readonly [at: number, read: number];

export interface SamplesView {
  readonly recent: readonly SamplePair[];
  readonly whole: readonly SamplePair[];
}

/** The whole map; one letter a chunk. */
export interface MapView {
  readonly letters: string;
}

/** What changed in it: chunk and letter. Chunks that are new stand at its end. */
export interface MapChange {
  readonly changed: readonly (readonly [chunk: number, letter: ChunkLetter])[];
}

/** The details of one chunk, shown when it is pointed at. */
export interface ChunkView {
  readonly chunk: number;
  readonly letter: ChunkLetter;
  readonly attempts: number | null;
  readonly ms: number | null;
  readonly counts: Counts | null;
  readonly reason: string | null;
  /** Name of the worker that holds it. */
  readonly worker: string | null;
}

export interface Me {
  readonly name: string;
  readonly role: "viewer" | "operator";
  readonly token: string;
  readonly canSignOut: boolean;
}

export interface Trouble {
  readonly message: string;
}

export type { Action, Phase, RunId, RunSummary, Status, Verification, WorkerRecord };
