import type { CatalogueTable } from "@rehome/core";
import { openQueue, type QueueConnection } from "@rehome/queue";
import { openSource, type Source } from "@rehome/source";
import { openTarget, type Target } from "@rehome/target";
import { isSet, urls } from "./config.js";

/** Opens the queue for one command. */
export async function withQueue<T>(work: (queue: QueueConnection) => Promise<T>): Promise<T> {
  const queue = await openQueue(urls.queue());
  try {
    return await work(queue);
  } finally {
    await queue.close();
  }
}

export interface Servers {
  readonly queue: QueueConnection;
  readonly source: Source;
  readonly target: Target;
}

/** Opens all three servers. Reads every URL before it makes the first connection. */
export async function withServers<T>(work: (servers: Servers) => Promise<T>): Promise<T> {
  const [sourceUrl, targetUrl] = [urls.source(), urls.target()];
  return await withQueue(async (queue) => {
    const [source, target] = [openSource(sourceUrl), openTarget(targetUrl)];
    try {
      return await work({ queue, source, target });
    } finally {
      await Promise.allSettled([source.close(), target.close()]);
    }
  });
}

/** The tables of the source, without reading any; null where SOURCE_URL is not set. */
export async function readCatalogue(): Promise<CatalogueTable[] | null> {
  if (!isSet("SOURCE_URL")) return null;
  const source = openSource(urls.source());
  try {
    return await source.listTables();
  } finally {
    await source.close();
  }
}
