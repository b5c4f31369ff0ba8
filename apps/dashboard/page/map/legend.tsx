import { useEffect, useState } from "preact/hooks";
import { CHUNK_STATES, type ChunkLetter } from "../../src/view-model.js";
import type { ChunkLetters } from "../chunk-letters.js";
import { count } from "../figures.js";

const ORDER: readonly ChunkLetter[] = ["d", "a", "w", "r", "t", "f"];
const EVERY_MS = 500;

/** What the colours and forms mean, and how many there are of each. */
export function Legend({ letters }: { letters: ChunkLetters }) {
  const [counts, setCounts] = useState(() => letters.counts());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const forget = letters.onChange(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setCounts(letters.counts());
      }, EVERY_MS);
    });
    return () => {
      forget();
      clearTimeout(timer);
    };
  }, [letters]);
  return (
    <ul class="legend">
      {ORDER.map((letter) => (
        <li key={letter} class={counts[letter] === 0 ? "none" : ""}>
          <span class={`swatch chunk-${letter}`} aria-hidden="true" />
          {CHUNK_STATES[letter]} <span class="number">{count(counts[letter])}</span>
        </li>
      ))}
    </ul>
  );
}
