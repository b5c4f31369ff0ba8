import { RehomeError } from "@rehome/core";
import { Redis, type RedisOptions } from "ioredis";
import { describeTargetFailure, failureToConnect } from "./failure.js";
import { parseTargetUrl } from "./url.js";

export interface ConnectionOptions {
  /** How long connecting may take, and how long a command may, in ms. */
  readonly connectTimeoutMs?: number;
  readonly commandTimeoutMs?: number;
}

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

const CONNECT_TIMEOUT_MS = 10_000;
const COMMAND_TIMEOUT_MS = 30_000;

/** Throws RehomeError `malformed-url` (exit 2). */
export function openConnection(url: URL, options: ConnectionOptions = {}): Connection {
  const { address, ...server } = parseTargetUrl(url);
  const clientOptions: ClientOptions = {
    ...server,
    connectionName: "rehome",
    connectTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    commandTimeout: options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
    lazyConnect: true,
    // A client that reconnects by itself sends unanswered commands again, however late: an old session could
    // then overwrite one that the application has written meanwhile.
    retryStrategy: null,
    enableOfflineQueue: false,
    // It would wait for a server that loads its data, and log to the console where INFO is not allowed.
    enableReadyCheck: false,
  };
  let current: Promise<Client> | null = null;
  let closed = false;

  function connected(): Promise<Client> {
    if (closed) throw new RehomeError("target-closed", "target: the connection was closed");
    if (current !== null) return current;
    const made: Promise<Client> = connect(clientOptions, address, forget);
    made.catch(forget);
    current = made;
    return made;

    function forget(): void {
      if (current === made) current = null;
    }
  }

  async function send(
    name: "call" | "callBuffer",
    command: string,
    args: Argument[],
  ): Promise<unknown> {
    const client = await connected();
    try {
      return await client.redis[name](command, args);
    } catch (error) {
      if (breaksConnection(error)) client.drop();
      throw describeTargetFailure(isClosed(error) ? (client.broken() ?? connectionReset()) : error);
    }
  }

  return {
    address,
    call: (command, args) => send("call", command, args),
    callForBytes: (command, args) => send("callBuffer", command, args),
    close: () => {
      closed = true;
      current?.then(
        (client) => client.drop(),
        () => undefined,
      );
    },
  };
}

type ClientOptions = RedisOptions & { replyMapping?: "legacy" };

interface Client {
  readonly redis: Redis;
  /** Why the connection broke, as far as the client has said. */
  broken(): unknown;
  drop(): void;
}

async function connect(
  options: ClientOptions,
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

  let failure: unknown = null;
  await redis.connect().catch((error: unknown) => {
    failure = error;
  });
  // What `connect` rejects with says only that it was closed; and where SELECT was refused it succeeds, in
  // database 0.
  failure = broken ?? failure;
  if (failure === null) return { redis, broken: () => broken, drop };
  redis.disconnect();
  throw failureToConnect(isClosed(failure) ? connectionReset() : failure, address);
}

/** After any error but a reply, commands and replies may no longer match, or there is no connection. */
function breaksConnection(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "ReplyError") return true;
  // The master has changed: its name may already lead to another server.
  return error.message.startsWith("READONLY");
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && error.message === "Connection is closed.";
}

function connectionReset(): Error {
  return Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
}
