import { z } from "zod";

/** A heap of the sessions' table: the table itself, or one of its partitions or children. */
const fileSchema = z.object({
  oid: z.int().nonnegative(),
  /** Changes when the table is rewritten: TRUNCATE, VACUUM FULL, CLUSTER, some forms of ALTER TABLE. */
  filenode: z.int().nonnegative(),
  pages: z.int().nonnegative(),
  /** Sessions in it, counted or estimated. */
  sessions: z.int().nonnegative(),
});

/** What a table was made of at one moment, so that it can be read by pages. */
export const baselineSchema = z.object({
  /** A transaction id of 64 bits: every transaction before it had ended, and its rows could be seen. */
  since: z.string().regex(/^\d+$/),
  files: z.array(fileSchema),
});

/**
 * In which order the ranges of a run follow each other.
 *
 * - `id`: by session id, as the source compares them. A bound is an id, and so a credential.
 * - `physical`: by page, file after file. A bound is `file/page`: the number of a file in `files`, and a page in it. The
 *   last range reads what was written since the baseline, wherever it lies: see docs/physical-order.md.
 */
export const readingOrderSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("id") }),
  z.object({ kind: z.literal("physical"), ...baselineSchema.shape }),
]);

export type HeapFile = z.infer<typeof fileSchema>;
export type Baseline = z.infer<typeof baselineSchema>;
export type ReadingOrder = z.infer<typeof readingOrderSchema>;
export type PhysicalOrder = Extract<ReadingOrder, { kind: "physical" }>;

/** What an operator may ask for; `auto`: the physical order where the source can be read in it. */
export const ORDERS = ["auto", "id"] as const;

/**
 * The chunk that reads what was written since the baseline, once every other chunk has ended; null where the run has
 * none, or its plan is not complete.
 */
export function closingChunk(run: {
  readonly order: Pick<ReadingOrder, "kind">;
  readonly planComplete: boolean;
  readonly total: number;
}): number | null {
  const isClosed = run.order.kind === "physical" && run.planComplete && run.total > 0;
  return isClosed ? run.total - 1 : null;
}

/** The same files and bounds, for reading the table again as of another moment. */
export function rebase(order: PhysicalOrder, { since, files }: Baseline): PhysicalOrder {
  const filenodes = new Map(files.map(({ oid, filenode }) => [oid, filenode]));
  return {
    kind: "physical",
    since,
    files: order.files.map((file) => ({
      ...file,
      filenode: filenodes.get(file.oid) ?? file.filenode,
    })),
  };
}
