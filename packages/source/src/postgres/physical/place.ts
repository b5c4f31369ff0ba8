import {
  type Bound,
  type HeapFile,
  type PhysicalOrder,
  type Range,
  RehomeError,
} from "@rehome/core";

/** What a range of the physical order reads. */
export type Place =
  | {
      readonly kind: "pages";
      readonly file: HeapFile;
      readonly from: number;
      /** The first page that is not read; null: up to the end of the file, wherever that is by then. */
      readonly to: number | null;
    }
  | { readonly kind: "newer" };

/** Before a page of a file. Behind the last page of a file is before the first one of the next. */
export interface Position {
  readonly file: number;
  readonly page: number;
}

export const START: Position = { file: 0, page: 0 };

export function renderBound({ file, page }: Position): Bound {
  return `${file}/${page}` as Bound;
}

export function parseBound(bound: Bound | null): Position {
  if (bound === null) return START;
  const [file, page] = bound.split("/").map(Number);
  if (file === undefined || page === undefined || !Number.isInteger(file + page))
    throw new RehomeError("unknown-range", "the plan's bound is not a page of a file");
  return { file, page };
}

/**
 * A range ends in the file it reads. Files that held nothing when the plan was made may lie before that one: what they
 * hold now is newer. The range without an end reads what is newer than the plan.
 */
export function placeOf({ after, upTo }: Range, { files }: PhysicalOrder): Place {
  if (upTo === null) return { kind: "newer" };
  const [start, end] = [parseBound(after), parseBound(upTo)];
  const number = end.page === 0 ? end.file - 1 : end.file;
  const file = files[number];
  if (file === undefined) throw new RehomeError("unknown-range", "the plan has no such file");
  return {
    kind: "pages",
    file,
    from: start.file === number ? start.page : 0,
    to: end.page === 0 ? null : end.page,
  };
}
