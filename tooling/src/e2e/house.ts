import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import {
  createDatabase,
  type DatabaseOptions,
  type RedisServer,
  startRedis,
} from "../local-services/index.js";
import type { Environment } from "../programs.js";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy/index.js";
import { outliveTransactions } from "./open-transactions.js";
import { hireOperator, type Operator } from "./operator.js";

/** Everything a migration needs, on servers of its own: what a test or a scenario plays with. */
export interface House extends Omit<Operator, "close"> {
  /** What our programs are given. */
  readonly urls: Environment;
  /** Straight to the servers, whatever stands in the programs' way. */
  readonly source: pg.Pool;
  readonly target: Redis;
  readonly queue: Redis;
  readonly servers: { readonly target: RedisServer; readonly queue: RedisServer };
  /** Between our programs and the servers. */
  readonly proxies: Readonly<Record<"source" | "target" | "queue", TcpProxy>>;
  close(): Promise<void>;
}

export interface HouseOptions {
  readonly database?: DatabaseOptions;
  readonly queueArgs?: readonly string[];
  readonly targetArgs?: readonly string[];
}

let databases = 0;

/** An empty database of its own on the server of `postgresUrl`, and two Redis servers of its own. */
export async function openHouse(postgresUrl: string, options: HouseOptions = {}): Promise<House> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  const redisServer = async (args: readonly string[] = []) => {
    const server = await startRedis({ appendonly: true, args: [...args] });
    closing.push(() => server.stop());
    return server;
  };
  const proxyTo = async (port: number) => {
    const proxy = await startTcpProxy(port);
    closing.push(() => proxy.close());
    return proxy;
  };
  try {
    databases += 1;
    const name = `house_${process.pid}_${databases}`;
    const sourceUrl = await createDatabase(new URL("/", postgresUrl).href, name, options.database);
    const queueServer = await redisServer(options.queueArgs);
    const targetServer = await redisServer(options.targetArgs);
    const proxies = {
      source: await proxyTo(Number(new URL(sourceUrl).port)),
      target: await proxyTo(targetServer.port),
      queue: await proxyTo(queueServer.port),
    };
    const urls = {
      SOURCE_URL: proxies.source.through(sourceUrl),
      TARGET_URL: proxies.target.through(targetServer.url),
      QUEUE_URL: proxies.queue.through(queueServer.url),
    };

    // One connection, and another once the server was restarted.
    const source = new pg.Pool({ connectionString: sourceUrl, max: 1 });
    source.on("error", () => undefined);
    closing.push(() => source.end());
    const [target, queue] = [new Redis(targetServer.url), new Redis(queueServer.url)];
    for (const redis of [target, queue]) {
      redis.on("error", () => undefined);
      closing.push(async () => redis.disconnect());
    }
    const operator = await hireOperator(urls, () => outliveTransactions(source));
    closing.push(() => operator.close());
    return {
      ...operator,
      urls,
      source,
      target,
      queue,
      servers: { target: targetServer, queue: queueServer },
      proxies,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits until `look` gives something; throws after `timeoutMs`, saying what was waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false | 0 | "">,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await sleep(25);
  }
}
