import { pingQueue, type QueueConnection } from "@rehome/queue";
import express, { type Express, type Response } from "express";
import helmet from "helmet";
import { type Answer, ok } from "./api/answer.js";
import { answerFailure } from "./api/failure.js";
import { getRun, getRuns } from "./api/runs.js";
import { makeBoard } from "./board.js";

const BOARD_PATH = "/queues";

/** Bull Board styles its page inline, and would ask for fonts from outside. */
const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", "data:"],
      baseUri: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      objectSrc: ["'none'"],
    },
  },
  // It is served on loopback, without TLS.
  strictTransportSecurity: false,
});

export function makeApp(queue: QueueConnection): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(securityHeaders);

  app.get("/healthz", (_request, response) => answer(response, health(queue)));
  app.get("/api/runs", (_request, response) => answer(response, getRuns(queue)));
  app.get("/api/runs/:run", (request, response) =>
    answer(response, getRun(queue, request.params.run)),
  );
  app.use("/api", (_request, response) => answer(response, Promise.resolve(NOT_FOUND)));

  app.use(BOARD_PATH, makeBoard(queue, BOARD_PATH));
  app.get("/", (_request, response) => response.redirect(BOARD_PATH));
  return app;
}

const NOT_FOUND: Answer = { status: 404, body: { error: { code: "not-found" } } };

async function health(queue: QueueConnection): Promise<Answer> {
  await pingQueue(queue);
  return ok({ ok: true });
}

async function answer(response: Response, work: Promise<Answer>): Promise<void> {
  const { status, body } = await work.catch(answerFailure);
  response.status(status).set("cache-control", "no-store").json(body);
}
