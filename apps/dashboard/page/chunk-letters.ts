import type { ChunkLetter } from "../src/view-model.js";

/** The letters of all chunks, changed in place: a canvas redraws what has changed, and nothing else is rendered. */
export interface ChunkLetters {
  readonly size: () => number;
  readonly at: (chunk: number) => ChunkLetter;
  replace(letters: string): void;
  change(changed: readonly (readonly [number, ChunkLetter])[]): void;
  /** Told which chunks have changed; null: all of them, or their number. */
  onChange(listener: (changed: readonly number[] | null) => void): () => void;
  counts(): Readonly<Record<ChunkLetter, number>>;
}

export function makeChunkLetters(): ChunkLetters {
  let letters: ChunkLetter[] = [];
  let counts = noCounts();
  const listeners = new Set<(changed: readonly number[] | null) => void>();
  const tell = (changed: readonly number[] | null) => {
    for (const listener of listeners) listener(changed);
  };
  return {
    size: () => letters.length,
    at: (chunk) => letters[chunk] ?? "w",
    replace: (text) => {
      letters = text.split("") as ChunkLetter[];
      counts = noCounts();
      for (const letter of letters) counts[letter] += 1;
      tell(null);
    },
    change: (changed) => {
      const size = letters.length;
      for (const [chunk, letter] of changed) {
        const before = letters[chunk];
        if (before !== undefined) counts[before] -= 1;
        counts[letter] += 1;
        letters[chunk] = letter;
      }
      tell(letters.length === size ? changed.map(([chunk]) => chunk) : null);
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    counts: () => ({ ...counts }),
  };
}

function noCounts(): Record<ChunkLetter, number> {
  return { w: 0, a: 0, d: 0, r: 0, t: 0, f: 0 };
}
