import { parseRedisUrl } from "@rehome/core";
import { Redis, type RedisOptions } from "ioredis";
import { cannotReadOn, describeTargetFailure, failureToConnect } from "./failure.js";
import { timedOut, watchForInactivity } from "./inactivity-timeout.js";
import { type ConnectionOptions, onDemand, timeoutsOf } from "./on-demand.js";

export type Argument = string | number | Buffer;
export type Call = (command: string, args: Argument[]) => Promise<unknown>;

/**
 * One connection to the target, made when it is first needed and again after it broke. Nothing waits for a
 * server to come back, and nothing is sent twice: a command that got no answer is rejected at once, with a
 * RehomeError that says whether trying again can help.
 */
export interface Connection {
  /** `host:port/db` */
  readonly address: string;
  /** Strings in the reply are text. */
  readonly call: Call;
  /** Strings in the reply are Buffers. */
  readonly callForBytes: Call;
  close(): void;
}

/** Throws RehomeError `malformed-url` (exit 2). */
export function openConnection(url: URL, options: ConnectionOptions = {}): Connection {
  const { address, ...server } = parseRedisUrl(url, "target");
  const { connectMs, commandMs } = timeoutsOf(options);
  const clientOptions: ClientOptions = {
    ...server,
    connectionName: "rehome",
    connectTimeout: connectMs,
    lazyConnect: true,
    // A client that reconnects by itself sends unanswered commands again, however late: an old session could
    // then overwrite one that the application has written meanwhile.
    retryStrategy: null,
    enableOfflineQueue: false,
    // It would wait for a server that loads its data, and log to the console where INFO is not allowed.
    enableReadyCheck: false,
  };
  const line = onDemand((onEnd) => connect(clientOptions, commandMs, address, onEnd));

  async function send(
    name: "call" | "callBuffer",
    command: string,
    args: Argument[],
  ): Promise<unknown> {
    const client = await line.get();
    try {
      return await client.answered(client.redis[name](command, args));
    } catch (error) {
      if (breaksConnection(error)) client.drop();
      throw describeTargetFailure(isClosed(error) ? (client.broken() ?? connectionReset()) : error);
    }
  }

  return {
    address,
    call: (command, args) => send("call", command, args),
    callForBytes: (command, args) => send("callBuffer", command, args),
    close: () => line.close((client) => client.drop()),
  };
}

type ClientOptions = RedisOptions & { replyMapping?: "legacy" };

interface Client {
  readonly redis: Redis;
  /** Counts as waited for, until it is there. */
  answered<T>(answer: Promise<T>): Promise<T>;
  /** Why the connection broke, as far as the client has said. */
  broken(): unknown;
  drop(): void;
}

async function connect(
  options: ClientOptions,
  inactivityMs: number,
  address: string,
  onEnd: () => void,
): Promise<Client> {
  const redis = new Redis(options);
  let broken: unknown = null;
  redis.on("error", (error) => {
    broken ??= error;
  });
  redis.on("end", onEnd);
  const drop = (): void => {
    onEnd();
    redis.disconnect();
  };

  let waiting = 0;
  const answered = async <T>(answer: Promise<T>): Promise<T> => {
    waiting += 1;
    try {
      return await answer;
    } finally {
      waiting -= 1;
    }
  };
  const giveUp = (): void => {
    broken ??= timedOut();
    onEnd();
    // To disconnect would wait for the server to close its end, and so would whoever waits for an answer.
    redis.stream.destroy();
  };
  redis.once("connect", () =>
    watchForInactivity(redis.stream, inactivityMs, () => waiting > 0, giveUp),
  );

  let failure: unknown = null;
  await answered(redis.connect()).catch((error: unknown) => {
    failure = error;
  });
  // What `connect` rejects with says only that it was closed; and where SELECT was refused it succeeds, in
  // database 0.
  failure = broken ?? failure;
  if (failure === null) return { redis, answered, broken: () => broken, drop };
  redis.disconnect();
  throw failureToConnect(isClosed(failure) ? connectionReset() : failure, address);
}

/** After any error but a reply, commands and replies may no longer match, or there is no connection. */
function breaksConnection(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "ReplyError") return true;
  // The master has changed: its name may already lead to another server.
  return error.message.startsWith("READONLY") || cannotReadOn(error.message);
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && error.message === "Connection is closed.";
}

function connectionReset(): Error {
  return Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
}
