import { useEffect, useRef, useState } from "preact/hooks";
import type { RunView } from "../../src/view-model.js";
import type { ChunkLetters } from "../chunk-letters.js";
import { count, many } from "../figures.js";
import { Panel } from "../panel.js";
import { drawMap, type MapCanvas } from "./canvas.js";
import { cellAt, describeCell, tellingChunk } from "./cells.js";
import { ChunkTold } from "./chunk-told.js";
import { Legend } from "./legend.js";

/** Every chunk of the run; pointer and arrow keys tell of each. */
export function ChunkMap({ run, letters }: { run: RunView; letters: ChunkLetters }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = useRef<MapCanvas | null>(null);
  const [cell, setCell] = useState<number | null>(null);
  const [per, setPer] = useState(1);
  const { total } = run.status.chunks;

  useEffect(() => {
    if (canvas.current === null) return;
    const drawn = drawMap(canvas.current, letters, () => setPer(map.current?.cells().per ?? 1));
    map.current = drawn;
    return () => drawn.close();
  }, [letters]);
  useEffect(() => map.current?.point(cell), [cell]);

  const cells = map.current?.cells();
  const inside = cell !== null && cells !== undefined && cell < cells.count ? cell : null;

  function onPointer(event: PointerEvent): void {
    if (cells === undefined || canvas.current === null) return;
    const box = canvas.current.getBoundingClientRect();
    setCell(cellAt(cells, event.clientX - box.left, event.clientY - box.top));
  }

  function onKey(event: KeyboardEvent): void {
    if (cells === undefined || cells.count === 0) return;
    const next = moved(event.key, inside ?? -1, cells.columns, cells.count);
    if (next === null) return;
    event.preventDefault();
    setCell(next);
  }

  return (
    <Panel
      name="map"
      title="Chunks"
      note={`${many(total, "chunk")} of ${many(run.chunkSize, "session")}${per > 1 ? `, ${count(per)} to a cell` : ""}`}
    >
      {total === 0 && <p class="empty">None is planned yet.</p>}
      <div
        class="map"
        role="slider"
        tabIndex={0}
        aria-label="Map of chunks: arrow keys go from one to the next"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, (cells?.count ?? 1) - 1)}
        aria-valuenow={inside ?? 0}
        aria-valuetext={
          inside === null || cells === undefined
            ? "none chosen"
            : describeCell(cells, letters, inside)
        }
        onKeyDown={onKey}
        onPointerMove={onPointer}
        onPointerDown={onPointer}
        onPointerLeave={() => setCell(null)}
        onBlur={() => setCell(null)}
      >
        <canvas ref={canvas} />
      </div>
      <ChunkTold
        run={run.status.run}
        chunk={inside === null || cells === undefined ? null : tellingChunk(cells, letters, inside)}
        cell={
          inside === null || cells === undefined || per === 1
            ? null
            : describeCell(cells, letters, inside)
        }
        letters={letters}
      />
      <Legend letters={letters} />
    </Panel>
  );
}

/** null: not a key of the map's. */
function moved(key: string, from: number, columns: number, cells: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    PageDown: columns * 5,
    PageUp: -columns * 5,
    Home: -cells,
    End: cells,
  };
  const step = steps[key];
  return step === undefined ? null : Math.min(cells - 1, Math.max(0, from + step));
}
