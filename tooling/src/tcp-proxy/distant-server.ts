import { connect, createServer, type Server, type Socket } from "node:net";
import { makeDelayLine } from "./delay-line.js";
import { listen } from "./listen.js";

export interface DistantServer {
  /** On 127.0.0.1. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The server at `serverPort` as from afar: half of a round trip passes before what either side says arrives at the other,
 * and a whole one before the first request leaves, as a connection takes one to be made. How much is said at a time is
 * not limited.
 */
export async function startDistantServer(
  serverPort: number,
  roundTripMs: number,
): Promise<DistantServer> {
  const sockets = new Set<Socket>();
  const entrance: Server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const server = connect({
      port: serverPort,
      host: "127.0.0.1",
      allowHalfOpen: true,
      noDelay: true,
    });
    for (const socket of [client, server]) {
      sockets.add(socket);
      // The other side is to see a failure as one, not as an end.
      socket.on("error", () => {
        client.resetAndDestroy();
        server.resetAndDestroy();
      });
      socket.on("close", () => sockets.delete(socket));
    }
    carry(client, server, roundTripMs / 2);
    carry(server, client, roundTripMs / 2);
    if (roundTripMs > 0) {
      client.pause();
      setTimeout(() => client.resume(), roundTripMs);
    }
  });
  const port = await listen(entrance);
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => entrance.close(resolve));
    },
  };
}

/** The end of what is said is on its way as long as the rest. */
function carry(from: Socket, to: Socket, ms: number): void {
  const line = makeDelayLine<Buffer | null>(ms, (piece) => {
    if (to.destroyed) return;
    if (piece === null) to.end();
    else if (!to.write(piece) && !from.isPaused()) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  });
  from.on("data", line);
  from.on("end", () => line(null));
}
