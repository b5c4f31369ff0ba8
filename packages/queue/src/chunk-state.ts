import { COUNT_NAMES, type Counts, zeroCounts } from "@rehome/core";

/** How a chunk stands in the ledger; `retry`: done, and its rejects are to be tried again. */
export type ChunkState =
  | { readonly state: "open" }
  /** `reason`: a code, see core's `showReason`. */
  | { readonly state: "failed"; readonly reason: string }
  | { readonly state: "done" | "retry"; readonly counts: Counts };

/** What the job of a chunk took until the chunk ended: attempts of the job, and milliseconds of the last one. */
export interface AttemptStats {
  readonly attempts: number;
  readonly ms: number;
}

/** Reads an entry of the ledger's hash of chunks: see include/chunk-entry.lua. */
export function parseEntry(entry: string | null): ChunkState {
  const [state, ...numbers] = (entry ?? "open").split(" ");
  if (state === "failed") return { state, reason: numbers.join(" ") };
  if (state !== "done" && state !== "retry") return { state: "open" };
  const counts = zeroCounts();
  for (const [i, name] of COUNT_NAMES.entries()) counts[name] = Number(numbers[i] ?? 0);
  return { state, counts };
}

/** As the ledger keeps a chunk that has counts. */
export function renderEntry({ state, counts }: ChunkState & { readonly counts: Counts }): string {
  return [state, ...COUNT_NAMES.map((name) => counts[name])].join(" ");
}

/** As the ledger keeps the stats of attempts; '' where none is known. */
export function renderAttemptStats(stats: AttemptStats | null): string {
  return stats === null ? "" : `${stats.attempts} ${Math.round(stats.ms)}`;
}

export function parseAttemptStats(text: string | null): AttemptStats | null {
  const [attempts, ms] = (text ?? "").split(" ").map(Number);
  return text === null || attempts === undefined || ms === undefined ? null : { attempts, ms };
}
