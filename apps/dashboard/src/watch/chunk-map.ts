import { showReason } from "@rehome/core";
import type { ChangedChunk } from "@rehome/queue";
import type { ChunkLetter, ChunkView, FailureGroup } from "../view-model.js";

/** How many failed chunks of one reason are listed by number. */
const NAMED = 20;

/** Every chunk of a run, in memory, so that drawing the map or showing a chunk reads nothing from Redis. */
export interface ChunkMap {
  /** Takes in what the ledger says. */
  record(changed: readonly ChangedChunk[]): void;
  /** Takes the number of chunks, and which worker holds which. Returns the chunks whose letter has changed. */
  update(total: number, inHand: ReadonlyMap<number, string>): [number, ChunkLetter][];
  letters(): string;
  tell(chunk: number): ChunkView | null;
  failures(): FailureGroup[];
}

export function makeChunkMap(): ChunkMap {
  const drawn: ChunkLetter[] = [];
  const known = new Map<number, ChangedChunk>();
  const failed = new Set<number>();
  const stale = new Set<number>();
  let held: ReadonlyMap<number, string> = new Map();

  function letterOf(chunk: number): ChunkLetter {
    const entry = known.get(chunk)?.entry;
    const ended = entry === undefined ? null : endedLetter(entry);
    if (ended !== null) return ended;
    if (held.has(chunk)) return "a";
    return entry?.state === "retry" ? "t" : "w";
  }

  return {
    record: (changed) => {
      for (const one of changed) {
        known.set(one.chunk, one);
        stale.add(one.chunk);
        if (one.entry.state === "failed") failed.add(one.chunk);
        else failed.delete(one.chunk);
      }
    },
    update: (total, inHand) => {
      for (const chunk of [...held.keys(), ...inHand.keys()]) stale.add(chunk);
      for (let chunk = drawn.length; chunk < total; chunk += 1) stale.add(chunk);
      held = inHand;
      const changed: [number, ChunkLetter][] = [];
      for (const chunk of [...stale].toSorted((a, b) => a - b)) {
        if (chunk >= total) continue;
        const letter = letterOf(chunk);
        if (drawn[chunk] !== letter) changed.push([chunk, letter]);
        drawn[chunk] = letter;
      }
      stale.clear();
      return changed;
    },
    letters: () => drawn.join(""),
    tell: (chunk) => {
      const letter = drawn[chunk];
      if (letter === undefined) return null;
      const { entry, stats = null } = known.get(chunk) ?? {};
      return {
        chunk,
        letter,
        attempts: stats?.attempts ?? null,
        ms: stats?.ms ?? null,
        counts: entry !== undefined && "counts" in entry ? entry.counts : null,
        reason: entry?.state === "failed" ? showReason(entry.reason) : null,
        worker: held.get(chunk) || null,
      };
    },
    failures: () => {
      const groups = new Map<string, { chunks: number[]; attempts: number | null }>();
      for (const chunk of [...failed].toSorted((a, b) => a - b)) {
        const { entry, stats } = known.get(chunk) ?? {};
        if (entry?.state !== "failed") continue;
        const reason = showReason(entry.reason);
        const group = groups.get(reason) ?? { chunks: [], attempts: null };
        group.chunks.push(chunk);
        if (stats) group.attempts = Math.max(group.attempts ?? 0, stats.attempts);
        groups.set(reason, group);
      }
      return [...groups].map(([reason, { chunks, attempts }]) => ({
        reason,
        count: chunks.length,
        chunks: chunks.slice(0, NAMED),
        attempts,
      }));
    },
  };
}

/** null for a chunk that is still to be copied. */
function endedLetter(entry: ChangedChunk["entry"]): ChunkLetter | null {
  switch (entry.state) {
    case "done":
      return entry.counts.rejected > 0 ? "r" : "d";
    case "failed":
      return "f";
    case "open":
    case "retry":
      return null;
  }
}
