import { randomBytes } from "node:crypto";
import type { ChunkLetter } from "../view-model.js";

type Change = readonly [chunk: number, letter: ChunkLetter];

/** About a quarter of an hour of them: longer than a laptop's nap, cheaper than the map. */
const KEPT = 900;

/** What has changed in a map, for pages that come back. */
export interface ChangeLog {
  add(changed: readonly Change[]): void;
  /** Stands for the map as it is now; marks of another map are not accepted. */
  mark(): string;
  /** What has changed after `mark`; null where the log no longer reaches back that far and the whole map is needed. */
  since(mark: string): Change[] | null;
}

export function makeChangeLog(): ChangeLog {
  const epoch = randomBytes(6).toString("hex");
  const kept: { number: number; changed: readonly Change[] }[] = [];
  let latest = 0;
  return {
    add: (changed) => {
      if (changed.length === 0) return;
      latest += 1;
      kept.push({ number: latest, changed });
      if (kept.length > KEPT) kept.shift();
    },
    mark: () => `${epoch}.${latest}`,
    since: (mark) => {
      const [ofEpoch, number] = mark.split(".");
      const from = Number(number);
      const oldest = kept[0]?.number ?? latest + 1;
      if (ofEpoch !== epoch || !(from <= latest) || from < oldest - 1) return null;
      const letters = new Map<number, ChunkLetter>();
      for (const { number: at, changed } of kept)
        if (at > from) for (const [chunk, letter] of changed) letters.set(chunk, letter);
      return [...letters].toSorted(([a], [b]) => a - b);
    },
  };
}
