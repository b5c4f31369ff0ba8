import {
  makeTransform,
  type Mapping,
  type ResolvedStore,
  SourceBatch,
  type Transformed,
  TransformedBatch,
} from "../src/index.js";
import { mappingOf, NOW } from "./example-mapping.js";
import { cellName } from "./resolved-store.js";

/** SQL's `infinity` and `-infinity`: beyond every time a database can hold. */
export const INFINITE_FUTURE = 2n ** 64n;
export const INFINITE_PAST = -INFINITE_FUTURE;

/** A time in microseconds, a flag, or the bytes of anything else. */
export type Cell = string | Buffer | boolean | bigint | null;

/** A session as its store's columns; what is not named is NULL. */
export interface SourceRow {
  readonly cells: Readonly<Record<string, Cell>>;
  /** key, value, key, value … */
  readonly attributes?: readonly (string | Buffer | null)[];
  /** As the source counts them, whatever the cells hold. */
  readonly bytes?: number;
  readonly isShared?: boolean;
}

/** No text touches another, and this is in none: whatever is read beyond an end shows. */
const GAP = Buffer.of(0xff);
const NULL = [-1, -1] as const;

/** In a new batch, or in one that is empty or was cleared. */
export function batchOfRows(
  { columns }: ResolvedStore,
  rows: readonly SourceRow[],
  batch = new SourceBatch(columns),
): SourceBatch {
  const pieces = [GAP];
  let size = GAP.length;
  const put = (cell: string | Buffer): [start: number, end: number] => {
    const bytes = Buffer.from(cell);
    const start = size;
    pieces.push(bytes, GAP);
    size += bytes.length + GAP.length;
    return [start, start + bytes.length];
  };
  for (const { cells, attributes = [], bytes = 0, isShared = false } of rows) {
    for (const { table, name, slot } of columns) {
      const cell = cells[cellName(table, name)] ?? null;
      if (typeof cell === "bigint") batch.setTime(slot, toMilliseconds(cell), microsecondsOf(cell));
      else if (typeof cell === "boolean")
        batch.setText(slot, ...put(Buffer.of(cell ? 0xff : 0xfe)));
      else if (cell !== null) batch.setText(slot, ...put(cell));
    }
    for (let i = 0; i < attributes.length; i += 2) {
      const [key, value] = [attributes[i] ?? null, attributes[i + 1] ?? null];
      const [keyStart, keyEnd] = key === null ? NULL : put(key);
      const [start, end] = value === null ? NULL : put(value);
      batch.addAttribute(keyStart, keyEnd, start, end);
    }
    if (isShared) batch.setShared();
    batch.complete(bytes);
  }
  batch.bytes = Buffer.concat(pieces);
  return batch;
}

/** Rounded down. */
export function toMilliseconds(time: bigint): number {
  if (time === INFINITE_FUTURE) return Infinity;
  if (time === INFINITE_PAST) return -Infinity;
  return Number((time - BigInt(microsecondsOf(time))) / 1000n);
}

/** What is left of a time beside its milliseconds. */
export function microsecondsOf(time: bigint): number {
  return Number(((time % 1000n) + 1000n) % 1000n);
}

/** What becomes of one session of a store, in a batch of its own. */
export function transformRow(
  store: ResolvedStore,
  row: SourceRow,
  options: Partial<Mapping> = {},
  { now = NOW, startedAt = NOW } = {},
): Transformed {
  const batch = batchOfRows(store, [row]);
  const into = new TransformedBatch(batch.idKind);
  makeTransform({ store, mapping: mappingOf(store, options), startedAt })(batch, now, into);
  return into.at(0);
}
