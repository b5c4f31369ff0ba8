import { CHUNK_STATES, type ChunkLetter } from "../../src/view-model.js";
import type { ChunkLetters } from "../chunk-letters.js";

/** With more chunks than this, one cell stands for several. */
const MOST_CELLS = 5_000;
const SMALLEST = 4;

/** Where the cells of a map are; lengths in CSS pixels. */
export interface Cells {
  readonly count: number;
  /** Chunks that a cell stands for. */
  readonly per: number;
  readonly size: number;
  readonly gap: number;
  readonly columns: number;
  readonly height: number;
}

/** As large as `largest` allows in a box of this width and about this height. */
export function layCells(chunks: number, width: number, height: number, largest: number): Cells {
  const per = Math.max(1, Math.ceil(chunks / MOST_CELLS));
  const count = Math.ceil(chunks / per);
  let size = Math.max(SMALLEST, Math.round(largest));
  const columnsOf = (cell: number) => Math.max(1, Math.floor(width / cell));
  while (size > SMALLEST && Math.ceil(count / columnsOf(size)) * size > height) size -= 1;
  const columns = columnsOf(size);
  const gap = size >= 12 ? 2 : 1;
  return { count, per, size, gap, columns, height: Math.ceil(count / columns) * size };
}

export function cellAt(cells: Cells, x: number, y: number): number | null {
  const column = Math.floor(x / cells.size);
  const cell = Math.floor(y / cells.size) * cells.columns + column;
  return column < 0 || column >= cells.columns || cell < 0 || cell >= cells.count ? null : cell;
}

/** What a cell looks like: what needs attention first, and how much of it is done. */
export interface CellLook {
  readonly letter: ChunkLetter;
  /** Share of its chunks, 0 to 1. */
  readonly done: number;
}

const BY_URGENCY: readonly ChunkLetter[] = ["f", "t", "a", "r"];

export function lookOf(cells: Cells, letters: ChunkLetters, cell: number): CellLook {
  const first = cell * cells.per;
  if (cells.per === 1) {
    const letter = letters.at(first);
    return { letter, done: letter === "d" || letter === "r" ? 1 : 0 };
  }
  const counts = countsOf(cells, letters, cell);
  const all = Math.min(cells.per, letters.size() - first);
  const done = (counts.get("d") ?? 0) + (counts.get("r") ?? 0);
  const urgent = BY_URGENCY.find((letter) => counts.has(letter));
  return { letter: urgent ?? (done > 0 ? "d" : "w"), done: done / all };
}

/** The chunk of a cell whose details are shown: the one that needs attention first. */
export function tellingChunk(cells: Cells, letters: ChunkLetters, cell: number): number {
  const first = cell * cells.per;
  const { letter } = lookOf(cells, letters, cell);
  for (let chunk = first; chunk < first + cells.per; chunk += 1)
    if (letters.at(chunk) === letter) return chunk;
  return first;
}

/** `chunks 120 to 129: 8 done, 2 waiting`, for a cell of several. */
export function describeCell(cells: Cells, letters: ChunkLetters, cell: number): string {
  const first = cell * cells.per;
  if (cells.per === 1) return `chunk ${first}: ${CHUNK_STATES[letters.at(first)]}`;
  const last = Math.min(first + cells.per, letters.size()) - 1;
  const counts = [...countsOf(cells, letters, cell)].map(
    ([letter, count]) => `${count} ${CHUNK_STATES[letter]}`,
  );
  return `chunks ${first} to ${last}: ${counts.join(", ")}`;
}

function countsOf(cells: Cells, letters: ChunkLetters, cell: number): Map<ChunkLetter, number> {
  const counts = new Map<ChunkLetter, number>();
  const end = Math.min((cell + 1) * cells.per, letters.size());
  for (let chunk = cell * cells.per; chunk < end; chunk += 1) {
    const letter = letters.at(chunk);
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  return counts;
}
