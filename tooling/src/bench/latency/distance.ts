import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import type { Arena, Contender, Urls } from "../contender.js";
import { median } from "../table.js";

const PROXY = fileURLToPath(new URL("proxy-process.js", import.meta.url));
const PINGS = 30;

/** All servers, behind proxies that make every round trip to each take `ms` longer. */
export interface Distance {
  readonly ms: number;
  readonly urls: Urls;
  /** What a PING of the target took: the median, in milliseconds. */
  readonly pingMs: number;
}

/** With 0 first: nobody is nearer, and that goes through a proxy as well. */
export async function withDistances<T>(
  { urls }: Arena,
  ms: readonly number[],
  use: (distances: readonly Distance[]) => Promise<T>,
): Promise<T> {
  const all = [0, ...ms];
  const closing: (() => void)[] = [];
  try {
    const ports: Record<string, readonly number[]> = {};
    for (const [name, url] of Object.entries(urls))
      ports[name] = await startProxy(Number(new URL(url).port), all, closing);
    const distances: Distance[] = [];
    for (const [i, one] of all.entries()) {
      const through = (name: keyof Urls): string => {
        const url = new URL(urls[name]);
        url.port = String(ports[name]?.[i]);
        return url.href;
      };
      const distant = {
        SOURCE_URL: through("SOURCE_URL"),
        QUEUE_URL: through("QUEUE_URL"),
        TARGET_URL: through("TARGET_URL"),
      };
      distances.push({ ms: one, urls: distant, pingMs: await ping(distant.TARGET_URL) });
    }
    return await use(distances);
  } finally {
    for (const close of closing) close();
  }
}

/** The same contender, for whom all servers are so far away. */
export function atDistance(contender: Contender, { ms, urls }: Distance): Contender {
  return {
    ...contender,
    name: nameAt(contender, ms),
    move: (arena) => contender.move({ ...arena, urls }),
  };
}

export function nameAt({ name }: Contender, ms: number): string {
  return `${name}, at ${ms} ms`;
}

/** Its ports, one for each of the distances. */
async function startProxy(
  port: number,
  ms: readonly number[],
  closing: (() => void)[],
): Promise<readonly number[]> {
  const proxy = fork(PROXY, [port, ...ms].map(String), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  closing.push(() => proxy.disconnect());
  return await new Promise((resolve, reject) => {
    proxy.once("message", (ports) => resolve(ports as number[]));
    proxy.once("error", reject);
    proxy.once("exit", () => reject(new Error("a proxy ended before it was ready")));
  });
}

async function ping(url: string): Promise<number> {
  const redis = new Redis(url);
  try {
    await redis.ping();
    const took: number[] = [];
    for (let i = 0; i < PINGS; i += 1) {
      const started = performance.now();
      await redis.ping();
      took.push(performance.now() - started);
    }
    return median(took);
  } finally {
    redis.disconnect();
  }
}
