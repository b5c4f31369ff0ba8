import { createBullBoard } from "@bull-board/api";
import { ExpressAdapter } from "@bull-board/express";
import type { QueueConnection } from "@rehome/queue";
import type { Express, Request, Response, NextFunction } from "express";
import { ShownJobs } from "./shown-jobs.js";

/** Fonts from outside, which the content security policy would refuse anyway. */
const FOREIGN_LINK = /<link[^>]*\shref="https?:\/\/[^>]*>/g;

/** What an operator may do to jobs here: a run is changed on our own page, and nothing may put payloads in. */
const ALLOWED = /^\/api\/queues\/[\w-]+\/([\w-]+\/(retry|promote)|retry\/failed|promote)$/;

/** Bull Board over the queue, `readOnly` for viewers, asking nothing from outside. */
export function makeBoard(
  queue: QueueConnection,
  options: { path: string; readOnly: boolean },
): Express {
  const adapter = new ExpressAdapter().setBasePath(options.path);
  const board = adapter.getRouter() as Express;
  board.disable("x-powered-by");
  board.use(refuseOthers);
  board.use(withoutForeignText);
  createBullBoard({
    queues: [
      new ShownJobs(queue.jobs, { readOnlyMode: options.readOnly, description: "one job a chunk" }),
    ],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: "Rehome", locale: { lng: "en-US" } } },
  });
  return board;
}

function refuseOthers(request: Request, response: Response, next: NextFunction): void {
  if (request.method === "GET" || request.method === "HEAD" || ALLOWED.test(request.path)) next();
  else response.status(405).json({ error: "jobs are only looked at here, or tried again" });
}

/** Says nothing about a failure: a driver's error may hold anything. */
function withoutForeignText(_request: Request, response: Response, next: NextFunction): void {
  const send = response.send.bind(response);
  response.send = (body: unknown) => {
    if (response.statusCode >= 500) return send('{"error":"unexpected error"}');
    return send(typeof body === "string" ? body.replaceAll(FOREIGN_LINK, "") : body);
  };
  next();
}
