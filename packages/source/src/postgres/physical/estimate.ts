import type { Connections } from "../connections.js";
import type { IdColumn } from "../id-column.js";
import { type FoundFile, quoteFile } from "./heap-file.js";

/** Tables of up to so many pages are counted: that takes a few milliseconds. */
const COUNTED_PAGES = 8_192;

/** Of larger ones that were never analyzed, so many pages of so many files are looked at. */
const [LOOKED_AT_PAGES, LOOKED_AT_FILES] = [64, 16];
/** No page of 8 kB holds more. */
const MAX_ROWS = 291;

/** Sessions in each file: counted where that is quick, else by what the server knows, else from a few pages. */
export async function estimateSessions(
  connections: Connections,
  id: IdColumn,
  files: readonly FoundFile[],
): Promise<number[]> {
  const pages = files.reduce((sum, file) => sum + file.pages, 0);
  if (pages <= COUNTED_PAGES) return await countSessions(connections, id, files);
  const densities = new Map<number, number>();
  const unknown = files.filter(({ density, pages: own }) => density === null && own > 0);
  for (const file of unknown.toSorted((a, b) => b.pages - a.pages).slice(0, LOOKED_AT_FILES))
    densities.set(file.oid, await lookAtPages(connections, file));
  const looked = [...densities.values()];
  const usual = looked.reduce((sum, density) => sum + density, 0) / Math.max(1, looked.length);
  return files.map((file) => {
    const density = file.density ?? densities.get(file.oid) ?? usual;
    return Math.round(density * file.pages);
  });
}

async function countSessions(
  connections: Connections,
  { from, sql }: IdColumn,
  files: readonly FoundFile[],
): Promise<number[]> {
  const rows = await connections.query<{ oid: number; count: number }>(
    `SELECT s.tableoid::bigint::float8 AS oid, count(*)::float8 AS count FROM ${from} WHERE ${sql} IS NOT NULL GROUP BY s.tableoid`,
  );
  const counts = new Map(rows.map(({ oid, count }) => [oid, count]));
  return files.map(({ oid }) => counts.get(oid) ?? 0);
}

/** Rows a page, in pages that lie evenly over the file: each place where a row may be is tried. */
async function lookAtPages(connections: Connections, file: FoundFile): Promise<number> {
  const looked = Math.min(LOOKED_AT_PAGES, file.pages);
  const numbers = Array.from({ length: looked }, (_, i) => Math.floor((i * file.pages) / looked));
  const [row] = await connections.query<{ count: number }>(
    `SELECT count(*)::float8 AS count FROM ONLY ${quoteFile(file)} s
      WHERE s.ctid = ANY (ARRAY (SELECT format('(%s,%s)', page, line)::tid
                                   FROM unnest($1::bigint[]) AS page, generate_series(1, ${MAX_ROWS}) AS line))`,
    [numbers],
  );
  return (row?.count ?? 0) / looked;
}
