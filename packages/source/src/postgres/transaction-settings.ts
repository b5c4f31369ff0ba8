// All of them are SET LOCAL: a pooler that shares connections by transaction forgets everything else.

/** Row-level security then fails a statement, instead of hiding rows from it: what is hidden would be lost. */
export const ALL_ROWS = "SET LOCAL row_security = off;";

/**
 * A statement lasts for as long as a large table takes, and a transaction waits for as long as the target and the run's
 * rate slow a chunk down. What a user or a database sets is meant for others, and would end the same statement each time.
 */
export const NO_TIMEOUTS = `
  SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
  SELECT set_config('transaction_timeout', '0', true) WHERE current_setting('transaction_timeout', true) IS NOT NULL;`;

/** A chunk is one of many that are read at once, and its statements are short. Dates and numbers are read in one form. */
export const FOR_CHUNKS = `
  SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off;
  SET LOCAL datestyle = 'ISO'; SET LOCAL extra_float_digits = 1;`;

/**
 * Rows are looked up one by one, so that a chunk's cost does not grow with the tables: the planner would rather scan all
 * of them for each chunk. What is asked for in the order of an index is read by it: gathering rows and sorting them takes
 * up to a third longer.
 */
export const READ_BY_INDEX =
  "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_sort = off;";

/**
 * Of one table a part is read by its index, in whatever order that is quickest. A planner that knows little of the table
 * would take a part with one bound for a third of it, and scan it all.
 */
export const READ_SLICE = "SET LOCAL enable_seqscan = off;";

/**
 * The same for a stretch of the heap's pages: its rows are sorted, and rows of other tables are looked up for them one by
 * one, in that order.
 */
export const READ_PAGES = `
  SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off; SET LOCAL enable_memoize = off;
  SET LOCAL work_mem = '16MB';`;
