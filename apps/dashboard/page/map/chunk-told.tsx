import { useEffect, useState } from "preact/hooks";
import { CHUNK_STATES, type ChunkView, OUTCOMES } from "../../src/view-model.js";
import { readChunk } from "../api.js";
import type { ChunkLetters } from "../chunk-letters.js";
import { count, milliseconds } from "../figures.js";

/** A pointer that only passes over a cell asks for nothing. */
const REST_MS = 60;

/** One line about the chunk pointed at; `cell` says what else its cell stands for. */
export function ChunkTold(props: {
  run: string;
  chunk: number | null;
  cell: string | null;
  letters: ChunkLetters;
}) {
  const { run, chunk, cell, letters } = props;
  const [told, setTold] = useState<ChunkView | null>(null);
  const letter = chunk === null ? null : letters.at(chunk);

  useEffect(() => {
    setTold(null);
    if (chunk === null) return;
    let left = false;
    const timer = setTimeout(() => {
      readChunk(run, chunk).then(
        (view) => !left && setTold(view),
        () => undefined,
      );
    }, REST_MS);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [run, chunk, letter]);

  return (
    <p class="told">
      {chunk === null || letter === null ? (
        <span class="hint">Point at a chunk, or focus the map and use the arrow keys.</span>
      ) : (
        <>
          {cell !== null && <span class="hint">{cell}; </span>}
          <strong>chunk {count(chunk)}</strong> {CHUNK_STATES[letter]}
          {told?.chunk === chunk && <Rest told={told} />}
        </>
      )}
    </p>
  );
}

function Rest({ told }: { told: ChunkView }) {
  const { attempts, ms, counts, reason, worker } = told;
  const outcomes = OUTCOMES.filter((outcome) => (counts?.[outcome] ?? 0) > 0);
  return (
    <>
      {attempts !== null && ` · ${attempts === 1 ? "1 attempt" : `${attempts} attempts`}`}
      {ms !== null && ` · ${milliseconds(ms)}`}
      {counts !== null && ` · ${count(counts.read)} read`}
      {outcomes.map((outcome) => ` · ${count(counts?.[outcome] ?? 0)} ${outcome}`)}
      {worker !== null && ` · held by ${worker}`}
      {reason !== null && ` · ${reason}`}
    </>
  );
}
