import type { ChunkLetters } from "../chunk-letters.js";
import { type Cells, layCells, lookOf } from "./cells.js";
import { drawCell, type Palette, readPalette } from "./draw-cell.js";

/** In root font sizes: on a wall the map is as large as everything else. */
const HEIGHT_REM = 15;
const LARGEST_REM = 1.5;

/** The map on its canvas: drawn whole when its size or the theme changes, else only the cells that changed. */
export interface MapCanvas {
  cells(): Cells;
  /** Outlines a cell; null: none. */
  point(cell: number | null): void;
  close(): void;
}

export function drawMap(
  canvas: HTMLCanvasElement,
  letters: ChunkLetters,
  onLaid: () => void,
): MapCanvas {
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) throw new Error("no canvas");
  let cells = layCells(0, 1, 1, 1);
  let palette: Palette = readPalette(canvas);
  let pointed: number | null = null;
  let dirty: Set<number> | "all" = "all";
  let frame: number | null = null;

  function schedule(): void {
    frame ??= requestAnimationFrame(() => {
      frame = null;
      draw();
    });
  }

  function lay(): void {
    const width = canvas.parentElement?.clientWidth ?? 1;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    cells = layCells(letters.size(), width, HEIGHT_REM * rem, LARGEST_REM * rem);
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.max(1, Math.round(cells.height * scale));
    canvas.style.height = `${cells.height}px`;
    context?.setTransform(scale, 0, 0, scale, 0, 0);
    palette = readPalette(canvas);
    onLaid();
  }

  function draw(): void {
    if (context === null) return;
    if (dirty === "all") {
      lay();
      context.fillStyle = palette.page;
      context.fillRect(0, 0, canvas.width, canvas.height);
      for (let cell = 0; cell < cells.count; cell += 1) one(context, cell);
    } else for (const cell of dirty) one(context, cell);
    dirty = new Set();
    if (pointed !== null && pointed < cells.count) outline(context, pointed);
  }

  function one(on: CanvasRenderingContext2D, cell: number): void {
    drawCell(on, cells, cell, lookOf(cells, letters, cell), palette);
  }

  function outline(on: CanvasRenderingContext2D, cell: number): void {
    const x = (cell % cells.columns) * cells.size;
    const y = Math.floor(cell / cells.columns) * cells.size;
    on.strokeStyle = getComputedStyle(canvas).color;
    on.lineWidth = 2;
    on.strokeRect(x + 1, y + 1, cells.size - cells.gap - 2, cells.size - cells.gap - 2);
  }

  function touch(changed: readonly number[] | null): void {
    if (changed === null) dirty = "all";
    else if (dirty !== "all") for (const chunk of changed) dirty.add(Math.floor(chunk / cells.per));
    schedule();
  }

  const redraw = () => touch(null);
  const forget = letters.onChange(touch);
  const resized = new ResizeObserver(redraw);
  if (canvas.parentElement !== null) resized.observe(canvas.parentElement);
  const theme = matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("change", redraw);
  schedule();
  return {
    cells: () => cells,
    point: (cell) => {
      if (cell === pointed) return;
      if (dirty !== "all") for (const one of [pointed, cell]) if (one !== null) dirty.add(one);
      pointed = cell;
      schedule();
    },
    close: () => {
      forget();
      resized.disconnect();
      theme.removeEventListener("change", redraw);
      if (frame !== null) cancelAnimationFrame(frame);
    },
  };
}
