import { createServer, type Socket } from "node:net";
import { type Direction, makeJudge, serverActed, type TcpFault, type Verdict } from "./fault.js";
import { type Link, makeLink } from "./link.js";
import { listen } from "./listen.js";

/** Stands between our programs and one server, and does to their connections what networks do. */
export interface TcpProxy {
  readonly port: number;
  /** A server's URL with this proxy's port in place of its own. */
  through(url: string): string;
  /** Has a fault strike the next connection that makes a request; several wait in line. */
  arm(fault: TcpFault): void;
  /** Takes back what was armed and has not struck. */
  disarm(): void;
  /** Nothing passes on any connection for so long, and none is closed. */
  stall(ms: number): void;
  /** Every connection is slow for so long. */
  throttle(bytesPerSecond: number, ms: number): void;
  /** Lets nobody in and resets who is there, until `open`. */
  shut(): void;
  open(): void;
  /** Sends connections made from now on to another server, and resets the others, as a failover does. */
  retarget(port: number): void;
  /** How many faults have struck, and how many of these after the server had acted. */
  readonly struck: { readonly all: number; readonly afterActing: number };
  close(): Promise<void>;
}

/** On a free port of 127.0.0.1. */
export async function startTcpProxy(serverPort: number): Promise<TcpProxy> {
  const links = new Set<Link>();
  const armed: TcpFault[] = [];
  const struck = { all: 0, afterActing: 0 };
  let target = serverPort;
  let isShut = false;
  let stalled: NodeJS.Timeout | null = null;
  let slow = { bytesPerSecond: 0, until: 0 };

  const flow = (): void => {
    stalled = null;
    for (const link of links) link.flow();
  };
  const delay = (bytes: number): number =>
    Date.now() < slow.until ? (bytes / slow.bytesPerSecond) * 1000 : 0;

  const server = createServer({ allowHalfOpen: true }, (client: Socket) => {
    client.on("error", () => undefined);
    if (isShut) {
      client.resetAndDestroy();
      return;
    }
    let chosen: { fault: TcpFault; judge: ReturnType<typeof makeJudge> } | null = null;
    const judge = (direction: Direction, bytes: number): Verdict => {
      if (chosen === null && direction === "request") {
        const fault = armed.shift();
        if (fault !== undefined) chosen = { fault, judge: makeJudge(fault) };
      }
      if (chosen === null) return { pass: bytes, reset: false };
      const { fault } = chosen;
      const verdict = chosen.judge(direction, bytes);
      if (verdict.reset) {
        chosen = null;
        struck.all += 1;
        if (serverActed(fault)) struck.afterActing += 1;
      }
      return verdict;
    };
    const link = makeLink(client, target, {
      judge,
      delay,
      onClose: () => {
        links.delete(link);
        // It was closed before its fault could strike: another connection's turn.
        if (chosen !== null) armed.unshift(chosen.fault);
      },
    });
    links.add(link);
    if (stalled !== null) link.hold();
  });
  const port = await listen(server);

  const resetAll = (): void => {
    for (const link of links) link.reset();
  };
  return {
    port,
    through: (url) => {
      const copy = new URL(url);
      copy.port = String(port);
      return copy.href;
    },
    arm: (fault) => void armed.push(fault),
    disarm: () => void armed.splice(0),
    stall: (ms) => {
      struck.all += 1;
      if (stalled !== null) clearTimeout(stalled);
      for (const link of links) link.hold();
      stalled = setTimeout(flow, ms);
    },
    throttle: (bytesPerSecond, ms) => {
      struck.all += 1;
      slow = { bytesPerSecond, until: Date.now() + ms };
    },
    shut: () => {
      isShut = true;
      resetAll();
    },
    open: () => {
      isShut = false;
    },
    retarget: (to) => {
      target = to;
      resetAll();
    },
    struck,
    close: async () => {
      if (stalled !== null) clearTimeout(stalled);
      resetAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
