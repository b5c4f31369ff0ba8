import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below the ranges from which Linux (32768) and macOS (49152) take the ports of outgoing connections: a port of
 * theirs could be lost to a client's socket while its server restarts.
 */
const FIRST = 20_000;
const END = 32_000;

/** A port of 127.0.0.1 nobody listens on right now. Another may take it before it is used, so try again then. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port on 127.0.0.1 between ${FIRST} and ${END} in 100 attempts`);
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}
