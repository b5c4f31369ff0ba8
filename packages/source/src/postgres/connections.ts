import { describeFailure, RehomeError } from "@rehome/core";
import pg from "pg";

const CONNECT_TIMEOUT_MS = 10_000;

export interface Connections {
  /** One statement on a connection of its own. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /**
   * Hands out a connection within one read-only snapshot. One that is left before the end, by an error or by a
   * consumer that has seen enough, is in the middle of something and is not used again.
   */
  snapshot<T>(read: (client: pg.PoolClient) => AsyncGenerator<T>): AsyncGenerator<T>;
  close(): Promise<void>;
}

export function openConnections(url: URL, max: number): Connections {
  const pool = new pg.Pool({
    connectionString: url.href,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "rehome",
  });
  // A connection lost while idle is replaced by itself.
  pool.on("error", () => undefined);

  const connect = async (): Promise<pg.PoolClient> => {
    const client = await pool.connect().catch((error: unknown) => {
      throw failureToConnect(error, url);
    });
    client.on("error", () => undefined);
    return client;
  };

  return {
    query: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) => {
      const client = await connect();
      let failure: unknown = null;
      try {
        return (await client.query<Row>(text, values)).rows;
      } catch (error) {
        failure = error;
        throw describeFailure("source", error);
      } finally {
        client.release(failure !== null);
      }
    },
    snapshot: async function* (read) {
      const client = await connect();
      let whole = false;
      try {
        // SET LOCAL only: a pooler that shares connections by transaction forgets everything else. A chunk looks
        // its users up one by one, so that its cost does not grow with their number: the planner would rather
        // scan all of them for each chunk.
        await client.query(
          `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
           SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off`,
        );
        yield* read(client);
        await client.query("COMMIT");
        whole = true;
      } catch (error) {
        throw describeFailure("source", error);
      } finally {
        client.release(!whole);
      }
    },
    close: () => pool.end(),
  };
}

function failureToConnect(error: unknown, url: URL): unknown {
  const described = describeFailure("source", error);
  if (!(described instanceof RehomeError)) return described;
  return new RehomeError(described.code, `${described.message} at ${url.host}${url.pathname}`, {
    hint: described.hint ?? "Check SOURCE_URL",
    retryable: described.retryable,
  });
}
