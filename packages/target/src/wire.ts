import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  cannotReadOn,
  describeTargetFailure,
  failureToConnect,
  isTooLong,
  replyError,
} from "./failure.js";
import { timedOut, watchForInactivity } from "./inactivity-timeout.js";
import { type ConnectionOptions, onDemand, timeoutsOf } from "./on-demand.js";
import { isError, type Reply, ReplyParser } from "./reply-parser.js";
import { parseRedisUrl, type RedisServer } from "@rehome/core";

/**
 * A bare connection for commands that are encoded already: a client library makes an object, a promise and a
 * copy of each, which costs more than the server needs to carry it out. Like `Connection` it is made when first
 * needed and again after it broke, and sends nothing twice: what got no answer is rejected at once.
 */
export interface Wire {
  /**
   * The replies to `count` commands, in order; an error reply is a value. Rejects with a RehomeError fit to be
   * shown where the connection fails: any of the commands may have been carried out then.
   */
  send(commands: Buffer, count: number): Promise<Reply[]>;
  /** Whether the server takes a value of so many bytes. Asked over a connection of its own, which that ends. */
  takes(bytes: number): Promise<boolean>;
  close(): void;
}

const KEEP_ALIVE_MS = 60_000;

/** Throws RehomeError `malformed-url` (exit 2). */
export function openWire(url: URL, options: ConnectionOptions = {}): Wire {
  const server = parseRedisUrl(url, "target");
  const { connectMs, commandMs } = timeoutsOf(options);
  const line = onDemand((onEnd) => openLine(server, connectMs, commandMs, onEnd));
  return {
    send: async (commands, count) => await (await line.get()).send(commands, count),
    takes: async (bytes) => {
      const asking = await openLine(server, connectMs, commandMs, () => undefined);
      return await asking.takes(bytes);
    },
    close: () => line.close((open) => open.close()),
  };
}

/** Connected, authenticated, and in its database. */
async function openLine(
  server: RedisServer,
  connectMs: number,
  commandMs: number,
  onEnd: () => void,
): Promise<Line> {
  const { host, port, username, password, db } = server;
  const line = new Line(
    server.tls === undefined
      ? connectTcp({ host, port })
      : connectTls({ host, port, ...server.tls }),
    commandMs,
    onEnd,
  );
  const deadline = setTimeout(() => line.end(timedOut()), connectMs);
  const greeting = [
    ...(password === undefined
      ? []
      : [["AUTH", ...(username === undefined ? [] : [username]), password]]),
    ["SELECT", String(db)],
  ];
  try {
    const replies = await line.send(encodeCommands(greeting), greeting.length);
    for (const reply of replies) if (isError(reply)) throw replyError(reply);
    return line;
  } catch (error) {
    line.close();
    throw failureToConnect(error, server.address);
  } finally {
    clearTimeout(deadline);
  }
}

function encodeCommands(commands: readonly (readonly string[])[]): Buffer {
  const part = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  return Buffer.from(
    commands.map((parts) => `*${parts.length}\r\n${parts.map(part).join("")}`).join(""),
  );
}

interface Waiting {
  readonly count: number;
  readonly replies: Reply[];
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (error: unknown) => void;
}

/** One socket, and who waits for its replies. */
class Line {
  readonly #socket: Socket;
  readonly #onEnd: () => void;
  readonly #parser = new ReplyParser();
  readonly #waiting: Waiting[] = [];
  #failure: unknown = null;

  constructor(socket: Socket, inactivityMs: number, onEnd: () => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on("data", (piece) => this.#receive(piece));
    socket.on("error", (error) => this.end(error));
    socket.on("close", () => this.close());
    const isAnswerDue = () => this.#waiting.length > 0;
    watchForInactivity(socket, inactivityMs, isAnswerDue, () => this.end(timedOut()));
  }

  async send(commands: Buffer, count: number): Promise<Reply[]> {
    if (this.#failure !== null) throw describeTargetFailure(this.#failure);
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ count, replies: [], resolve, reject });
      this.#socket.write(commands);
    });
  }

  /**
   * Announces a value and ends before it comes: a server that does not take it says so, any other closes without a word.
   */
  async takes(bytes: number): Promise<boolean> {
    const answer = this.send(Buffer.from(`*1\r\n$${bytes}\r\n`), 1);
    this.#socket.end();
    return await answer.then(
      () => true,
      (error: unknown) => !isTooLong(error),
    );
  }

  close(): void {
    this.end(Object.assign(new Error("connection reset"), { code: "ECONNRESET" }));
  }

  #receive(piece: Buffer): void {
    try {
      for (const reply of this.#parser.add(piece)) this.#accept(reply);
    } catch (error) {
      this.end(error);
    }
  }

  #accept(reply: Reply): void {
    const [first] = this.#waiting;
    if (first === undefined) throw new Error("Protocol error: a reply to nothing");
    first.replies.push(reply);
    if (isError(reply) && cannotReadOn(reply.error)) {
      // Nothing more is answered; whoever waited for this reply learns why, the others that the connection ended.
      this.#waiting.shift();
      first.reject(describeTargetFailure(replyError(reply)));
      return this.close();
    }
    if (first.replies.length < first.count) return;
    this.#waiting.shift();
    first.resolve(first.replies);
    // The master has changed: its name may already lead to another server.
    if (first.replies.some((one) => isError(one) && one.error.startsWith("READONLY"))) this.close();
  }

  /** Whoever waits is told the reason. */
  end(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#socket.destroy();
    this.#onEnd();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(describeTargetFailure(error));
  }
}
