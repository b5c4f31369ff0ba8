import type { HeapFile, PhysicalOrder } from "@rehome/core";
import type { PlannedChunk, SessionSource } from "../../source.js";
import { parseBound, type Position, renderBound, START } from "./place.js";

const MAX_CHUNKS = 1_000;

/** Chunks of as many pages as hold about `chunkSize` sessions, file after file. The last of each file has no end. */
export async function* planPages(
  { files }: PhysicalOrder,
  { after, chunkSize, signal }: Parameters<SessionSource["planChunks"]>[0],
): AsyncGenerator<PlannedChunk[]> {
  let planned: PlannedChunk[] = [];
  const start = parseBound(after);
  for (const [number, file] of files.entries()) {
    if (number < start.file || file.pages === 0) continue;
    const { page } = number === start.file ? start : START;
    for (const end of endsOf(number, file, page, chunkSize)) {
      signal?.throwIfAborted();
      planned.push(end);
      if (planned.length < MAX_CHUNKS) continue;
      yield planned;
      planned = [];
    }
  }
  if (planned.length > 0) yield planned;
}

function* endsOf(
  number: number,
  { pages, sessions }: HeapFile,
  start: number,
  chunkSize: number,
): Generator<PlannedChunk> {
  // Sessions are spread evenly over the chunks of a file, so that its last one is no remnant.
  const chunks = Math.max(1, Math.round(sessions / chunkSize));
  const step = Math.max(1, Math.ceil(pages / chunks));
  const perPage = sessions / pages;
  let from = start;
  do {
    const to = Math.min(from + step, pages);
    const end: Position = to === pages ? { file: number + 1, page: 0 } : { file: number, page: to };
    yield {
      upTo: renderBound(end),
      sessions: Math.round(to * perPage) - Math.round(from * perPage),
    };
    from = to;
  } while (from < pages);
}
