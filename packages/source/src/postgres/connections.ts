import { RehomeError } from "@rehome/core";
import pg from "pg";
import { describeSourceFailure } from "./failure.js";
import { withInactivityTimeout } from "./inactivity-timeout.js";

const CONNECT_TIMEOUT_MS = 10_000;
/** Where a peer may vanish, and nobody waits with a limit, as a planner does. */
const KEEP_ALIVE_MS = 30_000;

export interface Connections {
  /** One statement on a connection of its own. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /**
   * Hands out a connection within one read-only snapshot. One that is left before the end, by an error or by a
   * consumer that has seen enough, is in the middle of something and is not used again.
   */
  snapshot<T>(
    read: (client: pg.PoolClient) => AsyncGenerator<T>,
    options?: SnapshotOptions,
  ): AsyncGenerator<T>;
  close(): Promise<void>;
}

export interface SnapshotOptions {
  /** Statements of SET LOCAL: a pooler that shares connections by transaction forgets everything else. */
  readonly settings?: string;
  readonly signal?: AbortSignal;
}

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

/** A statement lasts, and a connection waits, for as long as the target and the run's rate slow a chunk down. */
const NO_TIMEOUTS = `
  SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
  SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout';`;

/** A chunk is one of many that are read at once, and its statements are short. Dates and numbers are read in one form. */
const FOR_CHUNKS = `
  SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off;
  SET LOCAL datestyle = 'ISO'; SET LOCAL extra_float_digits = 1;`;

/** `inactivityTimeoutMs`: how long the server may send nothing while an answer is due; no limit where it is not given. */
export function openConnections(url: URL, max: number, inactivityTimeoutMs?: number): Connections {
  const pool = new pg.Pool({
    connectionString: url.href,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "rehome",
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  // A connection lost while idle is replaced by itself.
  pool.on("error", () => undefined);
  // Once a connection, not once a loan: it is lent again and again. One lost in use fails its query, which tells.
  pool.on("connect", (client) => client.on("error", () => undefined));

  const connect = async (): Promise<pg.PoolClient> => {
    return await pool.connect().catch((error: unknown) => {
      throw failureToConnect(error, url);
    });
  };

  const answered = async <T>(client: pg.PoolClient, answer: Promise<T>): Promise<T> =>
    await (inactivityTimeoutMs === undefined
      ? answer
      : withInactivityTimeout(client, inactivityTimeoutMs, answer));

  return {
    query: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) => {
      const client = await connect();
      let failure: unknown = null;
      try {
        return (await answered(client, client.query<Row>(text, values))).rows;
      } catch (error) {
        failure = error;
        throw describeSourceFailure(error);
      } finally {
        client.release(failure !== null);
      }
    },
    snapshot: async function* (read, { settings = "", signal } = {}) {
      signal?.throwIfAborted();
      const client = await connect();
      let lent = true;
      const giveBack = (whole: boolean) => {
        if (!lent) return;
        lent = false;
        client.release(!whole);
      };
      // Closing it is what ends a statement the server is still at work on.
      const abort = () => giveBack(false);
      signal?.addEventListener("abort", abort);
      try {
        signal?.throwIfAborted();
        const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;";
        await answered(client, client.query(begin + FOR_CHUNKS + settings + NO_TIMEOUTS));
        const items = read(client);
        try {
          for (;;) {
            const next = await answered(client, items.next());
            if (next.done === true) break;
            yield next.value;
          }
        } finally {
          // Of one that is left before its end the connection is gone, and with it what it still waits for.
          items.return(undefined).catch(() => undefined);
        }
        signal?.throwIfAborted();
        await answered(client, client.query("COMMIT"));
        giveBack(true);
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason;
        throw describeSourceFailure(error);
      } finally {
        signal?.removeEventListener("abort", abort);
        giveBack(false);
      }
    },
    close: () => pool.end(),
  };
}

function failureToConnect(error: unknown, url: URL): unknown {
  const described = describeSourceFailure(error);
  if (!(described instanceof RehomeError)) return described;
  return described.at(`${url.host}${url.pathname}`, "Check SOURCE_URL");
}
