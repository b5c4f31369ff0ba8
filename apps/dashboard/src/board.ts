import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { QueueConnection } from "@rehome/queue";
import type { Express } from "express";

/**
 * Bull Board over our queue, to look at only: it adds and rewrites any payload it is given, and there are no
 * logins. What it shows was made fit to be shown when it was written: payloads are `{run, chunk}`, and
 * workers store no driver's error.
 */
export function makeBoard(queue: QueueConnection, path: string): Express {
  const adapter = new ExpressAdapter().setBasePath(path);
  createBullBoard({
    queues: [new BullMQAdapter(queue.jobs, { readOnlyMode: true, description: "one job a chunk" })],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: "Rehome", locale: { lng: "en-US" } } },
  });
  const board = adapter.getRouter() as Express;
  board.disable("x-powered-by");
  return board;
}
