import { RehomeError } from "@rehome/core";
import pg from "pg";
import { connectOptions } from "./connect-options.js";
import { describeSourceFailure } from "./failure.js";
import { withInactivityTimeout } from "./inactivity-timeout.js";
import { ALL_ROWS, FOR_CHUNKS, NO_TIMEOUTS } from "./transaction-settings.js";

const CONNECT_TIMEOUT_MS = 10_000;
/** Where a peer may vanish, and nobody waits with a limit, as a planner does. */
const KEEP_ALIVE_MS = 30_000;

export interface Connections {
  /** One statement, in a read-only transaction on a connection of its own. */
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

/** `inactivityTimeoutMs`: how long the server may send nothing while an answer is due; no limit where it is not given. */
export function openConnections(url: URL, max: number, inactivityTimeoutMs?: number): Connections {
  const pool = new pg.Pool({
    ...connectOptions(url),
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
        const answers = pipelined(client, () => [
          client.query(`BEGIN READ ONLY; ${ALL_ROWS}${NO_TIMEOUTS}`),
          client.query<Row>(text, values),
          client.query("COMMIT"),
        ]);
        const [, { rows }] = await answered(client, answers);
        return rows;
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
        const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${ALL_ROWS}`;
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

/**
 * What is asked arrives at the server at once, and takes one round trip: for such a small thing, two more would be most
 * of what it takes. Not for as long as the connection lasts: the driver then refuses whatever reads its socket itself.
 */
async function pipelined<T extends readonly Promise<unknown>[]>(
  client: pg.PoolClient,
  ask: () => readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const mode = client as { pipeline: boolean };
  mode.pipeline = true;
  const answers = await Promise.all(ask());
  // Of one that failed, answers may still arrive, and the connection is not used again.
  mode.pipeline = false;
  return answers;
}

function failureToConnect(error: unknown, url: URL): unknown {
  const described = describeSourceFailure(error);
  if (!(described instanceof RehomeError)) return described;
  return described.at(`${url.host}${url.pathname}`, "Check SOURCE_URL");
}
