import { open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.js";
import type { Command, SupervisedProcess } from "./supervised-process.js";

const READY_DEADLINE_MS = 60_000;
const IN_USE_DEADLINE_MS = 20_000;
const ANOTHER_PORT_ATTEMPTS = 3;
const LOG_TAIL_BYTES = 4_000;

const PORT_TAKEN = /address already in use|port is already allocated/i;
/** A killed PostgreSQL's children hold its memory for a moment; a server of a parent that died is still stopping. */
const STILL_IN_USE = /shared memory block .* is still in use|lock file "[^"]*" already exists/;

export interface Listener {
  name: string;
  log: string;
  command(port: number): Command;
  /** Whether the server really answers; called again and again. */
  answers(port: number): Promise<boolean>;
}

/** Starts the server on a free port of 127.0.0.1 and returns the port once it answers. */
export async function startOnFreePort(
  server: SupervisedProcess,
  listener: Listener,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      await startOnPort(server, listener, port);
      return port;
    } catch (error) {
      const taken = error instanceof Error && PORT_TAKEN.test(error.message);
      if (!taken || attempt === ANOTHER_PORT_ATTEMPTS) throw error;
    }
  }
}

/** Throws with the last lines of the server's log when it ends, or does not answer within 60 s. */
export async function startOnPort(
  server: SupervisedProcess,
  listener: Listener,
  port: number,
): Promise<void> {
  const began = Date.now();
  for (;;) {
    const logged = await sizeOf(listener.log);
    await server.start(listener.command(port));
    if (await isUp(server, listener, port, began + READY_DEADLINE_MS)) return;
    const ending = await server.ended(0);
    if (ending === undefined) await server.halt();
    const log = await logSince(listener.log, logged);
    if (STILL_IN_USE.test(log) && Date.now() < began + IN_USE_DEADLINE_MS) {
      await sleep(200);
      continue;
    }
    const why =
      ending === undefined ? "did not answer in time" : `ended at once (${JSON.stringify(ending)})`;
    throw new Error(`${listener.name} on port ${port} ${why}; the end of its log:\n${log}`);
  }
}

async function isUp(
  server: SupervisedProcess,
  listener: Listener,
  port: number,
  deadline: number,
): Promise<boolean> {
  while (server.running && Date.now() < deadline) {
    // Asked again after the answer: it may have come from another who took the port.
    if ((await listener.answers(port)) && (await server.ended(20)) === undefined) return true;
    await server.ended(30);
  }
  return false;
}

/** The end of what was written after the first `offset` bytes, at most 4,000 bytes. */
export async function logSince(log: string, offset: number): Promise<string> {
  const size = await sizeOf(log);
  const start = Math.max(offset, size - LOG_TAIL_BYTES);
  if (size <= start) return "(empty)";
  const file = await open(log);
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(size - start),
      0,
      size - start,
      start,
    );
    return buffer.toString("utf8", 0, bytesRead).trim();
  } finally {
    await file.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    (found) => found.size,
    () => 0,
  );
}
