import { COUNT_NAMES, type Counts, zeroCounts } from "@rehome/core";

/** How a chunk stands in the ledger; `retry`: done, and its rejects are to be tried again. */
export type ChunkState =
  | { readonly state: "open" | "failed" }
  | { readonly state: "done" | "retry"; readonly counts: Counts };

/** Reads an entry of the ledger's hash of chunks: see tally.lua. */
export function parseEntry(entry: string | null): ChunkState {
  const [state, ...numbers] = (entry ?? "open").split(" ");
  if (state !== "done" && state !== "retry") return { state: state === "failed" ? state : "open" };
  const counts = zeroCounts();
  for (const [i, name] of COUNT_NAMES.entries()) counts[name] = Number(numbers[i] ?? 0);
  return { state, counts };
}
