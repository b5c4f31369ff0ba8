import { connect, type Socket } from "node:net";
import type { Direction, Verdict } from "./fault.js";

/** One connection through the proxy. */
export interface Link {
  /** Lets nothing pass either way until `flow`. */
  hold(): void;
  flow(): void;
  reset(): void;
}

export interface Rules {
  judge(direction: Direction, bytes: number): Verdict;
  /** How long (ms) nothing more is to be read after so many bytes. */
  delay(bytes: number): number;
  onClose(): void;
}

/** Joins a client to the server at `port`. */
export function makeLink(client: Socket, port: number, rules: Rules): Link {
  const server = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const sockets = [client, server];
  let held = false;
  let closed = false;

  const close = (): void => {
    if (closed) return;
    closed = true;
    for (const socket of sockets) socket.destroy();
    rules.onClose();
  };
  // Node lets a FIN go ahead of the RST where something was written before.
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
    close();
  };
  const resume = (socket: Socket): void => {
    if (!held && !closed) socket.resume();
  };

  function pump(from: Socket, to: Socket, direction: Direction): void {
    from.setNoDelay(true);
    from.on("data", (piece: Buffer) => {
      const { pass, reset: cut } = rules.judge(direction, piece.length);
      if (cut) {
        from.pause();
        // What passes is to arrive before the reset does.
        if (pass === 0) reset();
        else to.write(piece.subarray(0, pass), () => setImmediate(reset));
        return;
      }
      const full = !to.write(piece);
      const wait = rules.delay(piece.length);
      if (full || wait > 0) from.pause();
      if (full) to.once("drain", () => setTimeout(() => resume(from), wait));
      else if (wait > 0) setTimeout(() => resume(from), wait);
    });
    from.on("end", () => to.end());
    from.on("error", close);
    from.on("close", close);
  }
  pump(client, server, "request");
  pump(server, client, "reply");

  return {
    hold: () => {
      held = true;
      for (const socket of sockets) socket.pause();
    },
    flow: () => {
      held = false;
      for (const socket of sockets) resume(socket);
    },
    reset,
  };
}
