import { parseRedisUrl, RehomeError } from "@rehome/core";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { describeQueueFailure } from "./failure.js";
import { KEY_PREFIX } from "./keys.js";
import { describing, ledgerRedis, type LedgerRedis } from "./ledger-redis.js";
import type { Payload } from "./payload.js";

/** BullMQ's queue of chunk jobs of every kind; the job's name is its kind. */
export const QUEUE_NAME = "chunks";

/** A connection to the queue Redis: the ledger's, and the BullMQ queue upon it. */
export interface QueueConnection {
  readonly redis: LedgerRedis;
  /** The bare client, for BullMQ's worker alone: it must see the errors of ioredis as they are. */
  readonly client: Redis;
  readonly jobs: Queue<Payload>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * A connection that sends nothing for this long while a command waits for its answer is taken for dead: it is made anew
 * and the command sent again. Longer than BullMQ's blocking commands, which take 10 s at most.
 */
const INACTIVITY_TIMEOUT_MS = 20_000;

/**
 * Opens the queue. `patient` commands wait out an outage, as a worker's must; others fail after a few
 * attempts. Either way the connection is made again once the server is back. Connection errors go to
 * `onError`, in words fit to be shown. Throws RehomeError `malformed-url` (exit 2), or why there is no connection.
 */
export async function openQueue(
  url: URL,
  options: { patient?: boolean; onError?: (error: unknown) => void } = {},
): Promise<QueueConnection> {
  const client = connect(url, options.patient ?? false);
  // What `connect` rejects with says only that there is no connection; the reason comes as an event before. And where the
  // database was refused it succeeds, in database 0.
  let reason: unknown;
  client.on("error", (error) => {
    reason = error;
    options.onError?.(describeQueueFailure(error));
  });
  try {
    await client.connect();
    if (reason !== undefined) throw reason;
  } catch (error) {
    client.disconnect();
    throw failureToConnect(reason ?? error, url);
  }
  const jobs = new Queue<Payload>(QUEUE_NAME, {
    connection: client,
    prefix: KEY_PREFIX,
    // It would only print a warning about what inspectQueue refuses.
    skipVersionCheck: true,
    // Else looking is writing: what it would say is written with the first job as well.
    skipMetasUpdate: true,
  });
  jobs.on("error", (error) => options.onError?.(describeQueueFailure(error)));
  return {
    redis: ledgerRedis(client),
    client,
    jobs: describing(jobs),
    close: async () => {
      await jobs.close();
      client.disconnect();
    },
  };
}

function connect(url: URL, patient: boolean): Redis {
  const { address: _, ...server } = parseRedisUrl(url, "queue");
  return new Redis({
    ...server,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: INACTIVITY_TIMEOUT_MS,
    connectionName: "rehome",
    // BullMQ asks this of a worker's connection: its blocking commands outlive an outage.
    maxRetriesPerRequest: patient ? null : 3,
    retryStrategy: (times) => Math.min(times * 200, 5_000),
  });
}

function failureToConnect(error: unknown, url: URL): unknown {
  const described = describeQueueFailure(error);
  return described instanceof RehomeError
    ? described.at(parseRedisUrl(url, "queue").address, "Check QUEUE_URL")
    : described;
}

/** How many workers are connected; a run does not advance without any. */
export async function countWorkers(queue: QueueConnection): Promise<number> {
  return await queue.jobs.getWorkersCount();
}
