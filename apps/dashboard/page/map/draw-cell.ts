import type { ChunkLetter } from "../../src/view-model.js";
import type { Cells, CellLook } from "./cells.js";

export type Palette = Readonly<Record<ChunkLetter | "mark" | "page", string>>;

/** The colours of the theme, which the viewer's system may change. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--chunk-${name}`).trim();
  return {
    w: colour("waiting"),
    a: colour("active"),
    d: colour("done"),
    r: colour("rejects"),
    t: colour("retry"),
    f: colour("failed"),
    mark: colour("mark"),
    page: colour("page"),
  };
}

/** Each state has a form as well as a colour: a cross, a notch, a bar, a ring. */
export function drawCell(
  context: CanvasRenderingContext2D,
  cells: Cells,
  cell: number,
  look: CellLook,
  palette: Palette,
): void {
  const x = (cell % cells.columns) * cells.size;
  const y = Math.floor(cell / cells.columns) * cells.size;
  const side = cells.size - cells.gap;
  context.fillStyle = palette.page;
  context.fillRect(x, y, cells.size, cells.size);
  context.fillStyle = palette.w;
  context.fillRect(x, y, side, side);
  if (look.letter === "w") return;
  context.fillStyle = palette[look.letter === "r" ? "d" : look.letter];
  if (look.letter === "d" || look.letter === "r") {
    // A cell of several fills from the ground up.
    const high = Math.max(1, Math.round(side * look.done));
    context.fillRect(x, y + side - high, side, high);
  } else if (look.letter !== "a" || side < 6) context.fillRect(x, y, side, side);
  mark(context, look.letter, x, y, side, palette);
}

function mark(
  context: CanvasRenderingContext2D,
  letter: ChunkLetter,
  x: number,
  y: number,
  side: number,
  palette: Palette,
): void {
  const thick = Math.max(1, side / 7);
  switch (letter) {
    case "f":
      context.strokeStyle = palette.mark;
      context.lineWidth = thick;
      context.beginPath();
      context.moveTo(x + side * 0.25, y + side * 0.25);
      context.lineTo(x + side * 0.75, y + side * 0.75);
      context.moveTo(x + side * 0.75, y + side * 0.25);
      context.lineTo(x + side * 0.25, y + side * 0.75);
      context.stroke();
      return;
    case "r":
      context.fillStyle = palette.r;
      context.beginPath();
      context.moveTo(x + side, y);
      context.lineTo(x + side, y + side * 0.7);
      context.lineTo(x + side * 0.3, y);
      context.fill();
      return;
    case "t":
      context.fillStyle = palette.mark;
      context.fillRect(x + side * 0.2, y + side / 2 - thick / 2, side * 0.6, thick);
      return;
    case "a":
      if (side < 6) return;
      context.strokeStyle = palette.a;
      context.lineWidth = Math.max(2, side / 4);
      context.strokeRect(
        x + context.lineWidth / 2,
        y + context.lineWidth / 2,
        side - context.lineWidth,
        side - context.lineWidth,
      );
      return;
    case "d":
    case "w":
  }
}
